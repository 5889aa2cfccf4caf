//! The kinds of news that a member can have mailed, or not. An entry is a field of the pages `enrolment/details` and
//! `settings/profile`, and the result of `imports::News::wish` of a kind of files.

use std::collections::HashMap;

use serde::Deserialize;

/// Each kind's word in the database and its (Japanese) name.
pub(super) const MAIL_WISHES: &[(&str, &str)] = &[("expenses", "医療費通知")];

/// The answers of a form, by the kind's word: `yes` or `no`.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(super) struct MailWishesForm(HashMap<String, String>);

impl MailWishesForm {
    /// Returns whether mail of this kind is wanted; nothing if the form does not say.
    pub(super) fn wanted(&self, kind: &str) -> Option<bool> {
        self.0.get(kind).map(|answer| answer == "yes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_answer() {
        let form: MailWishesForm =
            serde_json::from_str(r#"{"expenses": "no", "notices": "yes", "lang": "ja"}"#).unwrap();
        assert_eq!(form.wanted("expenses"), Some(false));
        assert_eq!(form.wanted("notices"), Some(true));
        assert_eq!(form.wanted("benefits"), None);
    }
}
