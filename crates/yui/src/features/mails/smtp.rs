//! Mail as it goes over the wire, and the conversation with the mail server.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::rules::ANSWERED;
use crate::core::{
    app::App,
    mail::{SmtpServer, domain, letter::Content, server::Privacy},
    society::Society,
};

/// Returns the address as the protocol writes it. Two mobile carriers once gave out addresses with dots where no dot may be
/// (`a..b@`, `a.@`): quoted, they are allowed (RFC 5321 4.1.2).
fn address(text: &str) -> Option<Address> {
    text.parse().ok().or_else(|| {
        let (user, domain) = text.rsplit_once('@')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-+/?".contains(c);
        (!user.is_empty() && user.len() <= 62 && user.chars().all(plain)).then_some(())?;
        Address::new("a", domain).ok()?;
        Some(Address::new_dangerous(format!("\"{user}\""), domain))
    })
}

/// A mail and what identifies it over its tries.
pub(super) struct Envelope<'a> {
    pub(super) society: &'a Society,
    pub(super) from: String,
    pub(super) to: &'a str,
    pub(super) mail_id: i64,
    pub(super) created_at: Timestamp,
    pub(super) now: Timestamp,
    /// Whether somebody reads the answers.
    pub(super) answered: bool,
}

/// Returns the mail as it goes over the wire; none where its address is none.
pub(super) fn message(envelope: &Envelope<'_>, content: Content) -> Option<Message> {
    let Envelope { society, from, to, mail_id, created_at, now, answered } = envelope;
    let named = format!("{} {mail_id} {created_at}", society.society_id);
    let id: String = Sha256::digest(named).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let (_, domain) = from.rsplit_once('@')?;
    let header = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    let mut builder = Message::builder()
        .raw_header(from_header(&society.name, from))
        .to(Mailbox::new(None, address(to)?))
        .subject(content.subject)
        .date((*now).into())
        .message_id(Some(format!("<{id}@{domain}>")))
        .raw_header(header("Auto-Submitted", "auto-generated".into()));
    let reply_to = society.policy.senders.reply_to.as_deref().filter(|_| *answered);
    if let Some(reply_to) = reply_to.and_then(address) {
        builder = builder.reply_to(Mailbox::new(None, reply_to));
    }
    if let Some(url) = content.unsubscribe {
        builder = builder
            .raw_header(header("List-Unsubscribe", format!("<{url}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()));
    }
    // What parts the two holds a sign that no encoded body has.
    let parts = MultiPart::alternative().boundary(format!("=_{}", id.get(..24).unwrap_or_default()));
    let parts = parts.singlepart(SinglePart::plain(content.text)).singlepart(SinglePart::html(content.html));
    builder.multipart(parts).ok()
}

/// Returns the sender with the society's name, in lines no longer than RFC 2047 (2) allows, which lettre does not see to.
fn from_header(society: &str, address: &str) -> HeaderValue {
    /// How many bytes of the name fit into a line.
    const AT_ONCE: usize = 42;
    let mut words = vec![String::new()];
    for c in society.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= AT_ONCE => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let words: Vec<_> = words.iter().map(|word| format!("=?utf-8?b?{}?=", STANDARD.encode(word))).collect();
    let raw = format!("<{address}>");
    let encoded = format!("{}\r\n {raw}", words.join("\r\n "));
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str("From"), raw, encoded)
}

/// Why a mail was not delivered.
#[derive(Debug, PartialEq)]
pub(super) enum DeliveryError {
    /// It never will be.
    Never(String),
    /// Not now.
    NotNow(String),
    /// Nothing can be delivered now: the server is not there, or does not let us in.
    NoServer(String),
}

impl DeliveryError {
    pub(super) fn reason(self) -> String {
        let (Self::Never(reason) | Self::NotNow(reason) | Self::NoServer(reason)) = self;
        reason
    }
}

/// How long the server may take to be connected with.
const CONNECT: Duration = Duration::from_secs(10);

/// A conversation with the mail server, over which several mails may go.
pub(super) struct SmtpSession {
    connection: AsyncSmtpConnection,
    patience: Duration,
}

impl SmtpSession {
    /// Connects, makes the way private and logs in.
    pub(super) async fn open(
        app: &App,
        society: &Society,
        server: &SmtpServer,
        tls: Option<&TlsParameters>,
    ) -> Result<Self, DeliveryError> {
        let patience = app.config.mail.patience;
        let hello = ClientId::Domain(domain(app, society).to_owned());
        let opening = async {
            let first = tls.filter(|_| server.tls == Privacy::Tls).cloned();
            let at = (server.host.as_str(), server.port);
            let mut connection = AsyncSmtpConnection::connect_tokio1(at, Some(CONNECT), &hello, first, None).await?;
            if let Some(tls) = tls.filter(|_| server.tls == Privacy::StartTls) {
                connection.starttls(tls.clone(), &hello).await?;
            }
            if let Some((user, password)) = &server.login {
                let login = Credentials::new(user.clone(), password.clone());
                connection.auth(DEFAULT_MECHANISMS, &login).await?;
            }
            Ok(connection)
        };
        match timeout(patience, opening).await {
            Ok(Ok(connection)) => Ok(Self { connection, patience }),
            Ok(Err(error)) => Err(DeliveryError::NoServer(reason(&error))),
            Err(_) => Err(DeliveryError::NoServer(TOO_SLOW.to_owned())),
        }
    }

    /// Sends a mail. After a failure the conversation is over.
    pub(super) async fn send(&mut self, message: &Message) -> Result<(), DeliveryError> {
        let formatted = message.formatted();
        match timeout(self.patience, self.connection.send(message.envelope(), &formatted)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(DeliveryError::Never(reason(&error))),
            Ok(Err(error)) => Err(DeliveryError::NotNow(reason(&error))),
            Err(_) => Err(DeliveryError::NotNow(TOO_SLOW.to_owned())),
        }
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) {
        // Whether the server answers is all the same.
        let _ = timeout(CONNECT, self.connection.quit()).await;
    }
}

const TOO_SLOW: &str = "the mail server took too long";

/// Returns what the failure was. What a server says in words is left out: it likes to repeat addresses.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("{ANSWERED}{code}"),
        None if error.is_response() => "the mail server's answer could not be read".to_owned(),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_private_unless_it_is_this_machine() {
        let server = |text: &str| text.parse::<SmtpServer>();
        let full = server("smtp://us%40er:pa%3Ass@mail.example.jp:2525").unwrap();
        assert_eq!((full.host.as_str(), full.port, full.tls), ("mail.example.jp", 2525, Privacy::StartTls));
        assert_eq!(full.login, Some(("us@er".into(), "pa:ss".into())));
        assert_eq!(format!("{full:?}"), "SmtpServer(mail.example.jp:2525, StartTls)", "no password");
        assert_eq!(server("smtps://mail.example.jp").unwrap().port, 465);
        assert_eq!(server("smtp://mail.example.jp").unwrap().port, 587);
        assert_eq!(server("smtp://127.0.0.1:25?tls=none").unwrap().tls, Privacy::None);
        assert_eq!(server("smtp://[::1]:25?tls=none").unwrap().host, "::1");
        for bad in [
            "mail.example.jp",
            "smtp://mail.example.jp?tls=none",
            "smtps://localhost?tls=none",
            "smtp://user@mail.example.jp",
            "http://mail.example.jp",
            "smtp://mail.example.jp/inbox",
            "",
        ] {
            assert!(server(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_line_is_short_and_ascii_whatever_the_names() {
        for (name, subject) in
            [("みなと", "短い"), ("", ""), (&*"とても長い名前の健康保険組合".repeat(5), &*"長い件名です".repeat(20))]
        {
            let policy = crate::core::society::Preset::Minato.policy().unwrap();
            let society = Society {
                society_id: 1,
                key: "k".into(),
                host: "k.example".into(),
                name: name.into(),
                policy,
                policy_version: 1,
                branding: None,
            };
            let content = Content {
                subject: subject.into(),
                text: "本文\n".repeat(50),
                html: "<p>本文</p>".repeat(50),
                unsubscribe: Some("https://portal.example.jp/unsubscribe?token=0123456789".into()),
            };
            let envelope = Envelope {
                society: &society,
                from: "info@portal.example.jp".into(),
                to: "taro@example.jp",
                mail_id: 7,
                created_at: Timestamp::UNIX_EPOCH,
                now: Timestamp::UNIX_EPOCH,
                answered: true,
            };
            let message = message(&envelope, content).unwrap();
            assert_eq!(message.envelope().from().unwrap().to_string(), "info@portal.example.jp");
            let text = String::from_utf8(message.formatted()).unwrap();
            assert!(text.is_ascii());
            for line in text.split("\r\n") {
                assert!(line.len() <= 78, "{line}");
            }
            assert!(text.contains("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"), "{text}");
            assert!(
                text.contains("List-Unsubscribe: <https://portal.example.jp/unsubscribe?token=0123456789>\r\n"),
                "{text}"
            );
            assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
        }
    }

    #[test]
    fn a_carriers_old_address_is_quoted_and_nonsense_refused() {
        assert_eq!(address("taro@example.jp").unwrap().to_string(), "taro@example.jp");
        assert_eq!(address("taro..ta@docomo.ne.jp").unwrap().to_string(), "\"taro..ta\"@docomo.ne.jp");
        assert_eq!(address("taro.@ezweb.ne.jp").unwrap().to_string(), "\"taro.\"@ezweb.ne.jp");
        for bad in
            ["", "taro", "@example.jp", "ta ro.@example.jp", "a..\r\nRCPT TO:<b>@example.jp", "a..b@", "a..b@x y"]
        {
            assert!(address(bad).is_none(), "{bad:?}");
        }
    }
}
