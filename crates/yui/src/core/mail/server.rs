//! The address of the mail server.

use std::str::FromStr;

use axum::http::Uri;
use percent_encoding::percent_decode_str;

/// How the way to the mail server is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// The conversation begins in the clear and must become private before anything is said.
    StartTls,
    /// Private from the first byte.
    Tls,
    /// Not at all; only on this machine.
    None,
}

/// A mail server: `smtp://user:password@host:587` (STARTTLS required), `smtps://…`, or `smtp://localhost:25?tls=none`.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name, which its certificate must carry.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way is kept private.
    pub tls: Privacy,
    /// User and password.
    pub login: Option<(String, String)>,
}

impl std::fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmtpServer({}:{}, {:?})", self.host, self.port, self.tls)
    }
}

impl FromStr for SmtpServer {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let uri: Uri = text.parse().map_err(|_| ())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(())?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let loopback = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        let (tls, usual_port) = match (uri.scheme_str(), uri.query()) {
            (Some("smtp"), None) => (Privacy::StartTls, 587),
            (Some("smtps"), None) => (Privacy::Tls, 465),
            (Some("smtp"), Some("tls=none")) if loopback => (Privacy::None, 25),
            _ => return Err(()),
        };
        if !matches!(uri.path(), "" | "/") {
            return Err(());
        }
        let plain = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).map_err(drop);
        let login = match uri.authority().and_then(|authority| authority.as_str().rsplit_once('@')) {
            Some((user, _)) => {
                let (user, password) = user.split_once(':').ok_or(())?;
                Some((plain(user)?, plain(password)?))
            }
            None => None,
        };
        Ok(Self { host, port: uri.port_u16().unwrap_or(usual_port), tls, login })
    }
}
