//! Postcards a second on one core, all in one file, no two alike; and the most memory it took.
//!
//! `cargo run --release -p yui-print --example postcard_speed [CARDS] [FILE]`; without FILE what is written is counted and thrown away.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;

use yui_print::postcards::{PostalAddress, Postcard, PostcardSheet, write};
use yui_print::{DEFAULT_FONT_DIRS, Fonts};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let cards: u32 = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let file = arguments.next();
    let dirs: Vec<PathBuf> = DEFAULT_FONT_DIRS.iter().map(PathBuf::from).collect();
    let fonts = Fonts::find(&dirs)?;

    let start = Instant::now();
    let mut counted = Counted { bytes: 0, out: file.map(File::create).transpose()?.map(BufWriter::new) };
    let written = write(&fonts, &sheet(), (0..cards).map(card), &mut counted)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("postcards              {:10}", written.cards);
    println!("seconds                {seconds:10.2}");
    println!("postcards a second     {:10.0}", f64::from(cards) / seconds);
    println!("megabytes              {:10.1}", counted.bytes as f64 / 1e6);
    println!("most memory, MB        {:10}", most_memory());
    Ok(())
}

/// Counts what goes through.
struct Counted {
    bytes: usize,
    out: Option<BufWriter<File>>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes += bytes.len();
        self.out.as_mut().map_or(Ok(bytes.len()), |out| out.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// The most that was resident, in MB, from Linux's `/proc`; 0 elsewhere.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn sheet() -> PostcardSheet {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    PostcardSheet {
        society_name: "みほん海運健康保険組合".into(),
        sender: texts(&["〒100-0000　東京都見本区みほん町1丁目2番3号", "みほんビル 4階"]),
        postage: texts(&["料金後納", "郵便"]),
        login_url: "https://portal.mihon-kenpo.example/login".into(),
        services: texts(&[
            "ご家族の医療費を、5年分さかのぼってご覧いただけます。",
            "医療費控除の申告に使うデータを受け取れます。",
            "ご自分のパスワードと、生体認証やワンタイムパスワードで守られます。",
            "夜でも休日でもお使いになれます。",
        ]),
        preparations: texts(&["スマートフォン、またはパソコン", "ご自分だけが読めるメールアドレス", "このはがき"]),
        steps: texts(&[
            "ログイン画面に、仮ユーザIDと仮パスワードを入力します。",
            "生年月日を入力し、利用規約をお読みください。",
            "メールアドレスを登録し、届いたメールのリンクを開きます。",
            "お好きなユーザIDとパスワードを決めます。",
            "認証方法を登録すると、完了です。",
        ]),
        inquiry: texts(&["電話 00-0000-0000（平日 9:00〜17:00）", "メール madoguchi@mihon-kenpo.example"]),
        issued: jiff::civil::date(2026, 11, 20),
        sample: false,
    }
}

/// An invented card, another for each number; every fourth goes without an address.
fn card(number: u32) -> Postcard {
    const FAMILY: [&str; 8] = ["見本", "試験", "架空", "仮名", "例示", "雛形", "𠮷見本", "髙見本"];
    const GIVEN: [&str; 7] = ["太郎", "花子", "一郎", "さくら", "次郎", "ひかり", "健一郎"];
    const PAPER: &[u8] = b"abcdefghjkmnprstvwxyz23456789";
    let pick = |from: &[&str], at: u32| from.get(at as usize % from.len()).copied().unwrap_or_default().to_owned();
    let mut state = u64::from(number) + 1;
    let mut letters = |count: usize| -> String {
        let mut letter = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(PAPER[(state >> 33) as usize % PAPER.len()])
        };
        (0..count).map(|_| letter()).collect()
    };
    Postcard {
        name: format!("{} {}", pick(&FAMILY, number), pick(&GIVEN, number / 8)),
        address: (number % 4 != 3).then(|| PostalAddress {
            postal_code: format!("{:03}-{:04}", number % 1_000, number * 7 % 10_000),
            lines: vec![
                format!("東京都見本区みほん町{}丁目{}番{}号", 1 + number % 9, 1 + number % 30, 1 + number % 20),
                format!("みほんハイツ {}号室", 101 + number % 800),
            ],
        }),
        key: format!("K{number:07}"),
        user_id: letters(10),
        password: letters(14),
        expires: jiff::civil::date(2027, 2, 18),
    }
}
