//! A letter: composed once, drawn as text and as HTML from the same parts, so that both carry the same links.

use askama::Template;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::kind::MailKind;
use crate::{
    core::{
        app::App,
        society::{Senders, Society},
    },
    ui::Lang,
};

/// The sender address of a letter, one of its society's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Verification, codes, recovery: nobody reads the answers.
    NoReply,
    /// News of the portal's services.
    Info,
    /// The welcome.
    Webmaster,
}

impl Sender {
    /// Returns the word in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoReply => "no_reply",
            Self::Info => "info",
            Self::Webmaster => "webmaster",
        }
    }

    /// Returns the sender of this word; an unknown one is [`Sender::NoReply`].
    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "info" => Self::Info,
            "webmaster" => Self::Webmaster,
            _ => Self::NoReply,
        }
    }

    /// Returns the part before the `@`.
    pub(crate) fn local_part(self, senders: &Senders) -> &str {
        match self {
            Self::NoReply => &senders.no_reply,
            Self::Info => &senders.info,
            Self::Webmaster => &senders.webmaster,
        }
    }
}

/// The frame of a letter: the society, its portal and the reader's language.
#[derive(Clone, Debug)]
pub struct MailFrame {
    /// The society's name.
    pub society: String,
    /// The portal's address without a slash at its end, as in `https://portal.example.jp`.
    pub portal: String,
    /// The reader's language.
    pub lang: Lang,
}

impl MailFrame {
    /// Returns the frame of this society's letters in this language.
    pub fn of(app: &App, society: &Society, lang: Lang) -> Self {
        Self { society: society.name.clone(), portal: app.portal_address(society), lang }
    }

    /// Returns the full address of a path of the portal.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.portal)
    }
}

/// A letter being composed. Its sentences are in the reader's language already.
#[derive(Clone, Debug)]
pub struct Letter {
    frame: MailFrame,
    pub(crate) sender: Sender,
    pub(crate) kind: MailKind,
    subject: String,
    parts: Vec<LetterPart>,
    unsubscribe: Option<String>,
    pub(crate) ends_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
enum LetterPart {
    Paragraph(String),
    Button(String, String),
    Code(String),
    List(Vec<String>),
    Fine(String),
}

/// A letter as it is kept and sent.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Content {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) unsubscribe: Option<String>,
}

#[derive(Template)]
#[template(path = "core/mail/letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    lang: Lang,
}

#[derive(Template)]
#[template(path = "core/mail/letter.txt")]
struct Text<'a> {
    letter: &'a Letter,
    lang: Lang,
}

impl Letter {
    /// Returns an empty letter. `kind` says what it is, for lists.
    pub fn new(frame: &MailFrame, sender: Sender, kind: MailKind, subject: impl Into<String>) -> Self {
        let frame = frame.clone();
        let subject = one_line(&subject.into());
        Self { frame, sender, kind, subject, parts: Vec::new(), unsubscribe: None, ends_at: None }
    }

    fn with(mut self, part: LetterPart) -> Self {
        self.parts.push(part);
        self
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn p(self, sentence: impl Into<String>) -> Self {
        self.with(LetterPart::Paragraph(sentence.into()))
    }

    /// Adds a link that stands out; the text shows its full address on a line of its own.
    #[must_use]
    pub fn button(self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.with(LetterPart::Button(label.into(), url.into()))
    }

    /// Adds a code to type in.
    #[must_use]
    pub fn code(self, code: impl Into<String>) -> Self {
        self.with(LetterPart::Code(code.into()))
    }

    /// Adds a list.
    #[must_use]
    pub fn list<S: Into<String>>(self, items: impl IntoIterator<Item = S>) -> Self {
        self.with(LetterPart::List(items.into_iter().map(Into::into).collect()))
    }

    /// Adds a sentence in small print.
    #[must_use]
    pub fn fine(self, sentence: impl Into<String>) -> Self {
        self.with(LetterPart::Fine(sentence.into()))
    }

    /// Sets the address for unsubscribing. It must take a POST of one click (RFC 8058) from a mail program, without a
    /// cookie, and show a page to a GET.
    #[must_use]
    pub fn unsubscribe(mut self, url: impl Into<String>) -> Self {
        self.unsubscribe = Some(url.into());
        self
    }

    /// Sets the end of validity of its link or code: after it the letter is not sent.
    #[must_use]
    pub fn until(mut self, ends_at: Timestamp) -> Self {
        self.ends_at = Some(ends_at);
        self
    }

    /// Returns whether nobody reads the answers.
    fn unread(&self) -> bool {
        self.sender == Sender::NoReply
    }

    /// Draws both forms.
    pub(crate) fn content(&self) -> askama::Result<Content> {
        let lang = self.frame.lang;
        Ok(Content {
            subject: self.subject.clone(),
            text: Text { letter: self, lang }.render()?,
            html: Html { letter: self, lang }.render()?,
            unsubscribe: self.unsubscribe.clone(),
        })
    }
}

/// Returns the text without line breaks: a subject is one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(sender: Sender, lang: Lang) -> Letter {
        let frame =
            MailFrame { society: "みほん健保 <A&B>".into(), portal: "https://portal.example.jp".into(), lang };
        Letter::new(&frame, sender, MailKind { word: "sample", label: "見本" }, "確認\r\nBcc: evil@example.com")
            .p("こんにちは。")
            .button("登録を続ける", frame.url("/verify?token=a&x=1"))
            .code("123456")
            .list(["一つ", "二つ"])
            .fine("30分間有効です。")
    }

    #[test]
    fn both_forms_say_the_same() {
        let Content { subject, text, html, .. } = letter(Sender::NoReply, Lang::Ja).content().unwrap();
        assert_eq!(subject, "確認 Bcc: evil@example.com", "one line");
        for word in ["こんにちは。", "登録を続ける", "123456", "一つ", "二つ", "30分間有効です。", "送信専用です"]
        {
            assert!(text.contains(word) && html.contains(word), "{word}:\n{text}\n{html}");
        }
        assert!(text.lines().any(|line| line == "https://portal.example.jp/verify?token=a&x=1"), "{text}");
        assert!(text.lines().any(|line| line == "123456"), "{text}");
        assert!(text.contains("みほん健保 <A&B>\n"), "text is not escaped: {text}");
        assert!(html.contains("href=\"https://portal.example.jp/verify?token=a&#38;x=1\""), "{html}");
        assert!(html.contains("みほん健保 &#60;A&#38;B&#62;") && !html.contains("<A&B>"), "{html}");
        assert!(!html.contains("<table") && !html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(!text.contains("\n\n\n"), "no gaps: {text:?}");
    }

    #[test]
    fn news_can_be_stopped_and_answered_english_is_english() {
        let news = letter(Sender::Info, Lang::Ja).unsubscribe("https://portal.example.jp/unsubscribe?t=z");
        let Content { text, html, unsubscribe, .. } = news.content().unwrap();
        assert!(text.lines().any(|line| line == "https://portal.example.jp/unsubscribe?t=z"), "{text}");
        assert!(html.contains("https://portal.example.jp/unsubscribe?t=z") && unsubscribe.is_some());
        assert!(!text.contains("送信専用"), "{text}");
        let Content { text, .. } = letter(Sender::NoReply, Lang::En).content().unwrap();
        assert!(text.contains("This address only sends email."), "{text}");
    }
}
