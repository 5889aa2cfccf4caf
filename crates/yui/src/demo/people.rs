//! Invented households: the same every time.

use jiff::civil::{Date, date};

/// An invented household.
#[derive(Debug)]
pub(super) struct Household {
    pub(super) symbol: String,
    pub(super) number: String,
    pub(super) members: Vec<DemoPerson>,
}

/// An invented person.
#[derive(Debug)]
pub(super) struct DemoPerson {
    pub(super) branch: String,
    pub(super) name: String,
    pub(super) kana: String,
    pub(super) male: bool,
    pub(super) birth_date: Date,
}

/// How many households each society has.
const HOUSEHOLDS: usize = 30;

/// Family names that are words for "example", and their kana.
const FAMILIES: [(&str, &str); 10] = [
    ("見本", "ミホン"),
    ("例示", "レイジ"),
    ("仮名", "カメイ"),
    ("架空", "カクウ"),
    ("試験", "シケン"),
    ("標本", "ヒョウホン"),
    ("模擬", "モギ"),
    ("𠮷例", "ヨシレイ"),
    ("練習", "レンシュウ"),
    ("試作", "シサク"),
];

const MEN: [(&str, &str); 6] = [
    ("一郎", "イチロウ"),
    ("次郎", "ジロウ"),
    ("健太", "ケンタ"),
    ("誠", "マコト"),
    ("翔", "ショウ"),
    ("大地", "ダイチ"),
];
const WOMEN: [(&str, &str); 6] =
    [("花子", "ハナコ"), ("桜", "サクラ"), ("菊", "キク"), ("美咲", "ミサキ"), ("葵", "アオイ"), ("陽菜", "ヒナ")];

/// Returns the households of a society, the reference household テスト タロウ / ハナコ first.
pub(super) fn households(seed: u64) -> Vec<Household> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut all = vec![reference()];
    for at in 1..HOUSEHOLDS {
        all.push(invented(&mut rng, at));
    }
    all
}

fn reference() -> Household {
    let person = |branch: &str, given: &str, male, birth_date| DemoPerson {
        branch: branch.into(),
        name: format!("テスト {given}"),
        kana: format!("テスト {given}"),
        male,
        birth_date,
    };
    Household {
        symbol: "800".into(),
        number: "1234".into(),
        members: vec![person("00", "タロウ", true, date(1979, 8, 22)), person("01", "ハナコ", false, date(1981, 3, 3))],
    }
}

fn invented(rng: &mut fastrand::Rng, at: usize) -> Household {
    let family = FAMILIES[at % FAMILIES.len()];
    let size = rng.usize(1..=4);
    let head_is_a_man = rng.bool();
    let members = (0..size)
        .map(|place| {
            let male = if place == 0 {
                head_is_a_man
            } else if place == 1 {
                !head_is_a_man
            } else {
                rng.bool()
            };
            let given = if male { MEN[rng.usize(..MEN.len())] } else { WOMEN[rng.usize(..WOMEN.len())] };
            let year = if place < 2 { rng.i16(1962..1996) } else { rng.i16(2006..2022) };
            DemoPerson {
                branch: format!("{place:02}"),
                name: format!("{} {}", family.0, given.0),
                kana: format!("{} {}", family.1, given.1),
                male,
                birth_date: date(year, rng.i8(1..=12), rng.i8(1..=28)),
            }
        })
        .collect();
    Household { symbol: format!("{}", 800 + at / 10), number: format!("{}", 2000 + at * 7), members }
}

/// Returns the register of these households as the CSV that a society would import.
pub(super) fn register_csv(insurer_number: &str, households: &[Household]) -> String {
    let mut csv = String::from("保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n");
    for Household { symbol, number, members } in households {
        for DemoPerson { branch, name, kana, male, birth_date } in members {
            let sex = if *male { "男" } else { "女" };
            let relationship = if branch == "00" { "本人" } else { "家族" };
            let from = (*birth_date).max(date(2015, 4, 1));
            csv += &format!(
                "{insurer_number},{symbol},{number},{branch},{name},{kana},{sex},{birth_date},{relationship},{from},\r\n"
            );
        }
    }
    csv
}
