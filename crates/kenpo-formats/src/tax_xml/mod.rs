//! The medical expense notice (医療費通知) as signed XML for the tax return.
//!
//! The tax agency takes the notice as XML with the insurer's electronic signature and its certificate (NTA, tax answer 1119). Its
//! six items: insured person, month, patient, provider, amount paid, insurer (enforcement rule of the Health Insurance Act,
//! art. 112-2). The form id, element names and lengths of its schema are **not known to us**: they come from a [`Profile`], and
//! ours, [`Profile::provisional`], holds placeholders in the shape of the certificates that e-Tax does publish (TEG800 and
//! others). A file made by it is not one the tax agency has agreed to: `checked_against_schema` says so.
//!
//! 保険者番号 and 記号・番号 are left out on purpose: the taxpayer would have to black them out.
//!
//! ```
//! use jiff::civil::date;
//! use kenpo_formats::TreatmentMonth;
//! use kenpo_formats::tax_xml::{Notice, NoticeLine, Profile, write};
//!
//! let notice = Notice {
//!     insurer_name: "見本健康保険組合".into(),
//!     insured_name: "テスト 太郎".into(),
//!     created: date(2026, 2, 10),
//!     software: "Yui".into(),
//!     lines: vec![NoticeLine {
//!         treatment_month: TreatmentMonth::new(2025, 2).ok_or("month")?,
//!         patient_name: "テスト 花子".into(),
//!         provider_name: "見本クリニック".into(),
//!         paid: 3_702,
//!     }],
//! };
//! let xml = write(&Profile::provisional(), &notice)?;
//! assert!(xml.contains("<gen:yyyy>2025</gen:yyyy><gen:mm>2</gen:mm>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod notice;
mod profile;
mod signature;

pub use notice::{Fitted, Notice, NoticeError, NoticeLine, write};
pub use profile::{Elements, Limits, Profile, ProfileError, SignatureAlgorithms};
pub use signature::{SignatureError, SigningKey, sign, verify};
