//! The five fictional societies.

use crate::core::society::Preset;

/// A fictional society.
#[derive(Debug)]
pub(super) struct DemoSociety {
    pub(super) preset: Preset,
    pub(super) name: &'static str,
    pub(super) insurer_number: &'static str,
    /// The features that it demonstrates (Japanese, translated on the page).
    pub(super) shows: &'static str,
}

pub(super) const SOCIETIES: [DemoSociety; 5] = [
    DemoSociety {
        preset: Preset::Fumitsuki,
        name: "ふみつき文具健康保険組合",
        insurer_number: "06139018",
        shows: "5年分の医療費をご覧いただけます。",
    },
    DemoSociety {
        preset: Preset::Soyokaze,
        name: "そよかぜ無線健康保険組合",
        insurer_number: "06139026",
        shows: "2年分の医療費をご覧いただけます。",
    },
    DemoSociety {
        preset: Preset::Midori,
        name: "みどり交通健康保険組合",
        insurer_number: "06149033",
        shows: "2年分の医療費をご覧いただけます。",
    },
    DemoSociety {
        preset: Preset::Nanohana,
        name: "なのはな製油健康保険組合",
        insurer_number: "06149041",
        shows: "5年分の医療費をご覧いただけます。",
    },
    DemoSociety {
        preset: Preset::Minato,
        name: "みなと海運健康保険組合",
        insurer_number: "06139034",
        shows: "5年分の医療費をご覧いただけます。",
    },
];
