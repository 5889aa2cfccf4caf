//! Any bytes as a claim file: no panic, no more claims than lines, amounts that sum.
#![no_main]

use kenpo_formats::amounts::derive;
use kenpo_formats::claims::ClaimFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut file) = ClaimFile::open(bytes) else { return };
    for claim in file.by_ref().flatten() {
        let _ = (claim.key(), claim.care_kind());
        if let Ok(derivation) = derive(&claim) {
            let amounts = derivation.amounts;
            assert_eq!(amounts.total, amounts.insurer + amounts.public + amounts.self_pay);
            assert!(amounts.insurer >= 0 && amounts.public >= 0 && amounts.self_pay >= 0);
        }
    }
    assert!(file.next().is_none());
    assert!(file.integrity().is_some());
});
