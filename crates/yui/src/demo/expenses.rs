//! Invented expenses: the same for a month every time, whenever the demo is started.

use kenpo_formats::TreatmentMonth;

use super::people::{DemoPerson, Household};

/// The providers: name, kind, and the rough total of a visit in yen.
const PROVIDERS: [(&str, &str, i64); 8] = [
    ("みほん内科クリニック", "通院", 6_500),
    ("れいじ整形外科", "通院", 5_200),
    ("かくう小児科", "通院", 5_800),
    ("さんぷる眼科", "通院", 7_400),
    ("けやき歯科医院", "歯科", 8_900),
    ("ひなた薬局", "薬局", 4_300),
    ("中央例示病院", "通院", 13_800),
    ("やまびこ接骨院", "柔道整復", 3_600),
];

/// The month of the reference rows.
const REFERENCE_MONTH: (i16, u8) = (2025, 1);

/// Returns the expenses of one month as the CSV that a society would import, or nothing if nobody saw a doctor.
pub(super) fn expenses_csv(insurer_number: &str, households: &[Household], month: TreatmentMonth) -> String {
    let mut csv = String::from(
        "請求番号,保険者番号,記号,番号,枝番,診療年月,医療機関名,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考\r\n",
    );
    let reference = Some(month) == TreatmentMonth::new(REFERENCE_MONTH.0, REFERENCE_MONTH.1);
    for (at, household) in households.iter().enumerate() {
        let holder = format!("{insurer_number},{},{}", household.symbol, household.number);
        if reference && at == 0 {
            for (line, row) in REFERENCE.iter().enumerate() {
                csv += &format!("R{line},{holder},{row}\r\n");
            }
            continue;
        }
        for person in &household.members {
            visits(&mut csv, &holder, household, person, month);
        }
    }
    csv
}

/// The reference rows of the specification, from the branch number on.
const REFERENCE: [&str; 3] = [
    "00,2025-01,サンプルクリニック,通院,1,12960,9072,3588,300,",
    "00,2025-01,サンプルクリニック薬局,薬局,1,2760,1932,828,0,",
    "01,2025-01,サンプルクリニック,歯科,1,11400,7980,0,3420,",
];

fn visits(csv: &mut String, holder: &str, household: &Household, person: &DemoPerson, month: TreatmentMonth) {
    let seed = format!("{holder}|{}|{month}", person.branch);
    let mut rng = fastrand::Rng::with_seed(
        seed.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
    );
    if month.first_day() < person.birth_date || rng.u8(..) > 96 {
        return;
    }
    for line in 0..rng.u32(1..=2) {
        let (provider, kind, cost) = PROVIDERS[rng.usize(..PROVIDERS.len())];
        let days = i64::from(rng.u32(1..=3));
        let points = cost * days / 10 + rng.i64(0..120);
        let age = i64::from(month.year()) - i64::from(person.birth_date.year());
        let share = if age < 7 { 2 } else { 3 };
        let (total, burden) = (points * 10, points * share);
        let public = if age < 16 { burden - burden.min(500) } else { 0 };
        let self_pay = burden - public;
        let insurer = total - burden;
        let number = format!("{}-{}-{month}-{line}", household.number, person.branch);
        let note = if public > 0 { "こども医療費助成" } else { "" };
        *csv += &format!(
            "{number},{holder},{},{month},{provider},{kind},{days},{total},{insurer},{public},{self_pay},{note}\r\n",
            person.branch
        );
    }
}
