//! The profile of the notice: the parts that depend on the schema of the tax agency.

use crate::fault::quote;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Everything that the schema of the notice decides, read from JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Form id: the name of the root element, as `TEG800` of other certificates.
    pub form_id: String,
    /// Version of the form (`VR`).
    pub version: String,
    /// Whether files of this profile have been validated with the agency's schema.
    pub checked_against_schema: bool,
    /// The namespace of the form's elements.
    pub default_namespace: String,
    /// The namespace of the shared elements with the prefix `gen`.
    pub general_namespace: String,
    /// Address of the stylesheet that shows the notice in a browser.
    pub stylesheet: Option<String>,
    /// Element names.
    pub elements: Elements,
    /// Lengths and counts.
    pub limits: Limits,
    /// The algorithms of the signature.
    pub signature: SignatureAlgorithms,
}

/// Element names of the six items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elements {
    /// 保険者等の名称
    pub insurer_name: String,
    /// 被保険者の氏名
    pub insured_name: String,
    /// One line of the notice.
    pub line: String,
    /// 療養を受けた年月
    pub treatment_month: String,
    /// 療養を受けた者の氏名
    pub patient_name: String,
    /// 療養を受けた病院・診療所・薬局その他の者の名称
    pub provider_name: String,
    /// 被保険者等が支払った医療費の額
    pub paid: String,
}

/// Lengths in characters, and counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Characters of the insurer's name.
    pub insurer_name: usize,
    /// Characters of the insured person's name.
    pub insured_name: usize,
    /// Characters of a patient's name.
    pub patient_name: usize,
    /// Characters of a provider's name.
    pub provider_name: usize,
    /// Digits of an amount.
    pub paid_digits: usize,
    /// Lines of one file.
    pub lines: usize,
}

/// Algorithm identifiers (URIs) of XML Signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureAlgorithms {
    /// Of `SignedInfo`, and of the document after the enveloped-signature transform.
    pub canonicalization: String,
    /// Of the document.
    pub digest: String,
    /// Of the signature with an RSA key.
    pub rsa: String,
    /// Of the signature with an ECDSA P-256 key.
    pub ecdsa: String,
}

/// The reason why a profile cannot be used.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// Not JSON of the expected shape; the message of the parser names line and key.
    #[error("プロファイルを読み取れません: {0}")]
    Json(#[from] serde_json::Error),
    /// A name that cannot be an element name.
    #[error("プロファイルの{key}の値{}はXMLの要素名に使えません。", quote(.value))]
    Name {
        /// Key of the profile.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// A text with characters that an attribute cannot hold, or empty.
    #[error("プロファイルの{key}の値{}は使えません。空でなく、制御文字を含まない値にしてください。", quote(.value))]
    Text {
        /// Key of the profile.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

const PROVISIONAL: &str = include_str!("../../profiles/provisional.json");

impl Profile {
    /// Returns our provisional profile: placeholders until the schema is known.
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test parses it")]
    pub fn provisional() -> Self {
        Self::parse(PROVISIONAL).expect("the built-in profile is valid")
    }

    /// Reads a profile from JSON.
    ///
    /// # Errors
    ///
    /// JSON of another shape, unknown keys, names that are no XML names.
    pub fn parse(json: &str) -> Result<Self, ProfileError> {
        let profile: Self = serde_json::from_str(json)?;
        let Elements { insurer_name, insured_name, line, treatment_month, patient_name, provider_name, paid } =
            &profile.elements;
        for (key, value) in [
            ("form_id", &profile.form_id),
            ("elements.insurer_name", insurer_name),
            ("elements.insured_name", insured_name),
            ("elements.line", line),
            ("elements.treatment_month", treatment_month),
            ("elements.patient_name", patient_name),
            ("elements.provider_name", provider_name),
            ("elements.paid", paid),
        ] {
            if !is_name(value) {
                return Err(ProfileError::Name { key, value: value.clone() });
            }
        }
        let SignatureAlgorithms { canonicalization, digest, rsa, ecdsa } = &profile.signature;
        let texts = [
            ("version", &profile.version),
            ("default_namespace", &profile.default_namespace),
            ("general_namespace", &profile.general_namespace),
            ("signature.canonicalization", canonicalization),
            ("signature.digest", digest),
            ("signature.rsa", rsa),
            ("signature.ecdsa", ecdsa),
        ];
        let stylesheet = profile.stylesheet.as_ref().map(|value| ("stylesheet", value));
        for (key, value) in texts.into_iter().chain(stylesheet) {
            let banned = |character: char| character.is_control() || matches!(character, '"' | '<' | '>' | '?');
            if value.is_empty() || value.contains(banned) {
                return Err(ProfileError::Text { key, value: value.clone() });
            }
        }
        Ok(profile)
    }
}

/// Returns whether the text is an XML name of ASCII letters, digits, `_`, `-`, `.`, or `gen:` and such a name.
fn is_name(text: &str) -> bool {
    let local = text.strip_prefix("gen:").unwrap_or(text);
    let mut characters = local.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provisional_profile_says_that_it_is_unchecked() {
        let profile = Profile::provisional();
        assert!(!profile.checked_against_schema);
        assert_eq!(profile.form_id, "FORM_ID");
        let json = serde_json::to_string(&profile).unwrap();
        assert_eq!(Profile::parse(&json).unwrap(), profile);
    }

    #[test]
    fn bad_profiles_are_refused_with_the_key() {
        for (from, to, key) in [
            ("\"LINE\"", "\"a b\"", "elements.line"),
            ("\"PAID\"", "\"<x\"", "elements.paid"),
            ("\"FORM_ID\"", "\"\"", "form_id"),
            ("null", "\"a?>\"", "stylesheet"),
            ("\"1.0\"", "\"\\u0001\"", "version"),
            ("\"limits\"", "\"limit\"", "limit"),
            ("\"lines\": 10000", "\"lines\": -1", "line"),
        ] {
            let error = Profile::parse(&PROVISIONAL.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }
}
