//! Words: the Japanese sentence stands in the code; its English is in `messages/en.po`.

use std::{collections::HashMap, sync::OnceLock};

/// The language of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// 日本語.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// Returns the language's code, as in the `lang` attribute.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// Returns the language of this code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Ja, Self::En].into_iter().find(|lang| lang.code() == code)
    }

    /// Returns the sentence in this language; a sentence without a translation stays Japanese.
    pub fn t(self, sentence: &str) -> &str {
        match self {
            Self::Ja => sentence,
            Self::En => catalog().get(sentence).map_or(sentence, String::as_str),
        }
    }

    /// Returns the sentence in this language with `{0}`, `{1}` … replaced by the values.
    pub fn tf<V: AsRef<str>>(self, sentence: &str, values: impl IntoIterator<Item = V>) -> String {
        let sentence = self.t(sentence).to_owned();
        values
            .into_iter()
            .enumerate()
            .fold(sentence, |text, (at, value)| text.replace(&format!("{{{at}}}"), value.as_ref()))
    }
}

/// Returns the English of every Japanese sentence.
pub fn catalog() -> &'static HashMap<String, String> {
    static CATALOG: OnceLock<HashMap<String, String>> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let file = include_str!("../../messages/en.po");
        let parsed = polib::po_file::parse_from_reader(file.as_bytes());
        let Ok(catalog) = parsed.inspect_err(|error| tracing::error!("messages/en.po: {error}")) else {
            return HashMap::new();
        };
        let pair = |message: &dyn polib::message::MessageView| {
            Some((message.msgid().to_owned(), message.msgstr().ok()?.to_owned()))
        };
        catalog.messages().filter_map(pair).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_the_sentence_wants_them() {
        assert_eq!(Lang::Ja.tf("{0}年{1}月", ["2025", "3"]), "2025年3月");
        assert_eq!(Lang::En.t("ログイン"), "Log in");
    }
}
