//! Any text as a profile, and as a signed notice: no panic, and a good profile writes a notice.
#![no_main]

use jiff::civil::date;
use kenpo_formats::TreatmentMonth;
use kenpo_formats::tax_xml::{Notice, NoticeLine, Profile, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let notice = |name: &str| Notice {
        insurer_name: "見本".to_owned(),
        insured_name: name.to_owned(),
        created: date(2026, 2, 10),
        software: "Yui".to_owned(),
        lines: TreatmentMonth::new(2025, 2)
            .map(|treatment_month| NoticeLine {
                treatment_month,
                patient_name: name.to_owned(),
                provider_name: "見本".to_owned(),
                paid: 1,
            })
            .into_iter()
            .collect(),
    };
    if let Ok(profile) = Profile::parse(text) {
        let _ = write(&profile, &notice("テスト"));
    }
    let _ = write(&Profile::provisional(), &notice(text));
});
