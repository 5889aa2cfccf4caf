//! The settings of an installation, read from the environment once, at the start.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;

use super::mail::SmtpServer;

/// The settings of one process.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings of the database.
    pub database: DatabaseConfig,
    /// The settings of the web server.
    pub http: HttpConfig,
    /// The settings of uploaded files.
    pub files: FilesConfig,
    /// Folders searched for fonts; empty for the system's.
    pub fonts: Vec<PathBuf>,
    /// The keys that seal secrets at rest: `id:base64`, the newest first, separated by commas.
    pub keys: Option<String>,
    /// The settings of outgoing mail.
    pub mail: MailConfig,
}

/// The settings of the database.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `sqlite://PATH` or `postgres://…`.
    pub url: String,
    /// The largest number of connections that are kept.
    pub connections: u32,
    /// The time that a request waits for the database.
    pub patience: Duration,
}

impl DatabaseConfig {
    /// Returns what a connection needs to know; `create` makes a SQLite file where there is none.
    pub(crate) fn address(&self, create: bool) -> yui_db::Address<'_> {
        yui_db::Address { url: &self.url, connections: self.connections, patience: self.patience, create }
    }
}

/// The settings of the web server.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Whether members reach it by https, as they must outside a demo: cookies are then `Secure` and `__Host-`.
    pub https: bool,
    /// The port in the portal's address, where it is not the usual one.
    pub public_port: Option<u16>,
    /// The networks of the proxies in front, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest number of connections, and their time limits.
    pub limits: ConnectionLimits,
}

/// The largest number of connections, and their time limits.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address that is not a trusted proxy's.
    pub per_address: usize,
    /// The time for the head of a request, from its first byte on, or from the connection on.
    pub head: Duration,
    /// The time for more of a request's body, or for the client to take more of the answer.
    pub body: Duration,
    /// The time until the next request.
    pub idle: Duration,
    /// The time from being told to stop until no connection is accepted any more; `/readyz` says so at once.
    pub drain_delay: Duration,
    /// The time from then on until open connections are cut.
    pub stop: Duration,
}

/// The settings of uploaded files.
#[derive(Clone, Debug)]
pub struct FilesConfig {
    /// The folder of the files: the same for all processes on one database.
    pub folder: PathBuf,
    /// The largest size of one file, in bytes.
    pub limit: u64,
    /// The bytes that stay free on the disk: uploads are refused before.
    pub reserve: u64,
    /// The bytes that the files of one society may have together while they wait.
    pub of_society: u64,
}

/// The settings of outgoing mail.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// Whether this process delivers mail beside answering requests.
    pub worker: bool,
    /// The mail server.
    pub server: Option<SmtpServer>,
    /// A file with one more certificate that may vouch for the mail server.
    pub extra_root: Option<PathBuf>,
    /// The time limit of the mail server for one mail.
    pub patience: Duration,
    /// The domain of the sender addresses, where it is not the society's host name.
    pub domain: Option<String>,
}

/// A key of the configuration, as docs/configuration.md lists it.
#[derive(Debug)]
pub struct ConfigKey {
    /// The environment variable.
    pub name: &'static str,
    /// Its default value.
    pub default: &'static str,
    /// A value that one might give.
    pub example: &'static str,
    /// Its meaning.
    pub meaning: &'static str,
}

/// The default address of the database.
pub const DEFAULT_DATABASE: &str = "sqlite://yui.db";

/// Every key there is.
pub const KEYS: &[ConfigKey] = &[
    ConfigKey {
        name: "YUI_DATABASE_URL",
        default: DEFAULT_DATABASE,
        example: "postgres://yui@db.example.jp/yui",
        meaning: "`sqlite://PATH` (created where missing) or `postgres://user@host/database`",
    },
    ConfigKey {
        name: "YUI_DATABASE_CONNECTIONS",
        default: "8",
        example: "20",
        meaning: "connections kept at the most, 1 to 500",
    },
    ConfigKey {
        name: "YUI_DATABASE_TIMEOUT",
        default: "3",
        example: "5",
        meaning: "seconds that a request waits for the database before it is answered 503, 1 to 60; imports and other work beside the requests wait longer",
    },
    ConfigKey {
        name: "YUI_LISTEN",
        default: "127.0.0.1:8080",
        example: "0.0.0.0:8080",
        meaning: "address and port to listen on",
    },
    ConfigKey {
        name: "YUI_HTTPS",
        default: "yes",
        example: "no",
        meaning: "`yes`: members come by https (through a proxy); `no`: plain http",
    },
    ConfigKey {
        name: "YUI_PUBLIC_PORT",
        default: "443 with https, otherwise that of `YUI_LISTEN`",
        example: "8443",
        meaning: "port at which members come, as in `https://portal.example.jp:8443`: links in mails, passkeys and forms go by it",
    },
    ConfigKey {
        name: "YUI_TRUSTED_PROXIES",
        default: "none",
        example: "127.0.0.1,10.0.0.0/8",
        meaning: "addresses or networks of the proxies in front, as in `127.0.0.1,10.0.0.0/8`: their `X-Forwarded-For` tells who comes, and their `X-Forwarded-Proto` how",
    },
    ConfigKey {
        name: "YUI_CONNECTIONS",
        default: "10000",
        example: "2000",
        meaning: "connections of clients at once, 10 to 1000000; fewer where the process may not open as many files",
    },
    ConfigKey {
        name: "YUI_CONNECTIONS_PER_ADDRESS",
        default: "512",
        example: "64",
        meaning: "connections at once from one address (IPv6: one /64), 1 to 1000000; trusted proxies have no such limit",
    },
    ConfigKey {
        name: "YUI_HEAD_TIMEOUT",
        default: "15",
        example: "10",
        meaning: "seconds that the head of a request may take, 1 to 600",
    },
    ConfigKey {
        name: "YUI_BODY_TIMEOUT",
        default: "30",
        example: "60",
        meaning: "seconds without a byte in the middle of an upload or a download, 1 to 600; a slow one that moves goes on",
    },
    ConfigKey {
        name: "YUI_IDLE_TIMEOUT",
        default: "75",
        example: "65",
        meaning: "seconds that a connection may wait for its next request, 1 to 3600; longer than the proxy in front keeps its own",
    },
    ConfigKey {
        name: "YUI_DRAIN_DELAY",
        default: "0",
        example: "5",
        meaning: "seconds from SIGTERM, when `/readyz` turns 503, until no connection is accepted any more, 0 to 600; as long as the proxy needs to notice",
    },
    ConfigKey {
        name: "YUI_STOP_TIMEOUT",
        default: "20",
        example: "60",
        meaning: "seconds that requests under way have after that, 1 to 600; what is still open then is cut",
    },
    ConfigKey {
        name: "YUI_FILES",
        default: "`files` beside the embedded database",
        example: "/var/lib/yui/files",
        meaning: "folder for files that staff upload; with several processes, one that all of them share",
    },
    ConfigKey {
        name: "YUI_UPLOAD_LIMIT",
        default: "2048",
        example: "4096",
        meaning: "megabytes that a file which staff upload may have, 1 to 100000",
    },
    ConfigKey {
        name: "YUI_UPLOAD_QUOTA",
        default: "20480",
        example: "51200",
        meaning: "megabytes that a society's uploaded files may have together until they are imported or given up, 1 to 10000000",
    },
    ConfigKey {
        name: "YUI_DISK_RESERVE",
        default: "1024",
        example: "5120",
        meaning: "megabytes that uploads leave free in the folder of files, 0 to 10000000; beyond, they are refused in words",
    },
    ConfigKey {
        name: "YUI_FONTS",
        default: "the system's font folders",
        example: "/opt/fonts:/usr/share/fonts",
        meaning: "folders with the fonts for PDFs, separated by `:`",
    },
    ConfigKey {
        name: "YUI_KEYS",
        default: "none",
        example: "2026b:…,2026a:…",
        meaning: "keys that seal secrets at rest, `id:base64` of 32 bytes, newest first, separated by commas; `yui serve` needs them",
    },
    ConfigKey {
        name: "YUI_SMTP_URL",
        default: "none: mail waits",
        example: "smtp://yui:secret@mail.example.jp:587",
        meaning: "mail server: `smtp://user:password@host:587` (STARTTLS required), `smtps://…:465` (TLS), on this machine also `smtp://localhost:25?tls=none`",
    },
    ConfigKey {
        name: "YUI_SMTP_CA",
        default: "none",
        example: "/etc/yui/mail-ca.pem",
        meaning: "PEM file with one more certificate that may vouch for the mail server, besides the system's",
    },
    ConfigKey {
        name: "YUI_SMTP_TIMEOUT",
        default: "60",
        example: "120",
        meaning: "seconds the mail server may take for one mail, 1 to 600",
    },
    ConfigKey {
        name: "YUI_MAIL_DOMAIN",
        default: "the society's host name",
        example: "mail.example.jp",
        meaning: "domain of the senders no-reply@, info@ and webmaster@",
    },
    ConfigKey {
        name: "YUI_WORKER",
        default: "yes",
        example: "no",
        meaning: "`yes`: `yui serve` delivers mail as well; `no`: only `yui worker` does",
    },
    ConfigKey {
        name: "YUI_LOG",
        default: "info",
        example: "warn,yui=debug",
        meaning: "what is logged, as in `warn,yui=debug`",
    },
];

/// Returns the reference of all settings, which is docs/configuration.md.
pub fn reference() -> String {
    let mut text = REFERENCE_HEAD.to_owned();
    for ConfigKey { name, default, example, meaning } in KEYS {
        text.push_str(&format!("| `{name}` | {meaning} | {default} | `{example}` |\n"));
    }
    text
}

/// The text above the table.
const REFERENCE_HEAD: &str = "\
# Settings

Every setting of `yui`, read from the environment at the start. A name that begins with `YUI_` and is none of these is refused by name,
and so is a value of the wrong form. This page is made by the program: `yui doctor --settings > docs/configuration.md`.

| setting | meaning | default | example |
|---|---|---|---|
";

/// A setting that cannot be used.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// Nothing has this name.
    #[error("{0}: there is no such setting (`yui doctor --settings` lists them all)")]
    Unknown(String),
    /// The value has the wrong form.
    #[error("{name}: {value:?} is not {expected}")]
    Value {
        /// The key.
        name: &'static str,
        /// The value that was given.
        value: String,
        /// A description of the right form.
        expected: &'static str,
    },
    /// The value is no number of the range.
    #[error("{name}: {value:?} is not a number from {least} to {most}")]
    Range {
        /// The key.
        name: &'static str,
        /// The value that was given.
        value: String,
        /// The smallest value.
        least: usize,
        /// The largest value.
        most: usize,
    },
}

impl Config {
    /// Reads the settings from the process's environment.
    ///
    /// # Errors
    /// [`ConfigError`], naming the key, for one that is unknown or has a value of the wrong form.
    pub fn from_environment() -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
        Self::from_pairs(std::env::vars())
    }

    /// Reads the settings from name and value pairs; names that do not begin with `YUI_` are skipped, and those that
    /// begin with `YUI_TEST_` are the tests'.
    ///
    /// # Errors
    /// As [`Config::from_environment`].
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let given: BTreeMap<_, _> =
            pairs.into_iter().filter(|(name, _)| name.starts_with("YUI_") && !name.starts_with("YUI_TEST_")).collect();
        if let Some(unknown) = given.keys().find(|name| !KEYS.iter().any(|key| key.name == name.as_str())) {
            return Err(ConfigError::Unknown(unknown.clone()));
        }
        let value = |name: &str| given.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let database = DatabaseConfig {
            url: value("YUI_DATABASE_URL").unwrap_or(DEFAULT_DATABASE).to_owned(),
            connections: parsed(
                "YUI_DATABASE_CONNECTIONS",
                value("YUI_DATABASE_CONNECTIONS").unwrap_or("8"),
                "a number from 1 to 500",
                |text| text.parse().ok().filter(|count| (1..=500).contains(count)),
            )?,
            patience: seconds("YUI_DATABASE_TIMEOUT", value, 1..=60)?,
        };
        let http = HttpConfig {
            listen: listen(value("YUI_LISTEN").unwrap_or("127.0.0.1:8080"))?,
            https: yes("YUI_HTTPS", value("YUI_HTTPS"))?,
            public_port: value("YUI_PUBLIC_PORT")
                .map(|port| {
                    parsed("YUI_PUBLIC_PORT", port, "a port from 1 to 65535", |text| {
                        text.parse().ok().filter(|port| *port > 0)
                    })
                })
                .transpose()?,
            trusted_proxies: networks(value("YUI_TRUSTED_PROXIES").unwrap_or_default())?,
            limits: connection_limits(value)?,
        };
        let files = FilesConfig {
            folder: value("YUI_FILES").map_or_else(|| files_beside(&database.url), PathBuf::from),
            limit: megabytes("YUI_UPLOAD_LIMIT", value, 1..=100_000)?,
            of_society: megabytes("YUI_UPLOAD_QUOTA", value, 1..=10_000_000)?,
            reserve: megabytes("YUI_DISK_RESERVE", value, 0..=10_000_000)?,
        };
        let mail = MailConfig {
            worker: yes("YUI_WORKER", value("YUI_WORKER"))?,
            // What was given holds a password.
            server: value("YUI_SMTP_URL")
                .map(|url| parsed("YUI_SMTP_URL", "…", SMTP_URL, |_| url.parse().ok()))
                .transpose()?,
            extra_root: value("YUI_SMTP_CA").map(PathBuf::from),
            patience: seconds("YUI_SMTP_TIMEOUT", value, 1..=600)?,
            domain: value("YUI_MAIL_DOMAIN")
                .map(|domain| parsed("YUI_MAIL_DOMAIN", domain, "a domain name, as in mail.example.jp", host_name))
                .transpose()?,
        };
        Ok(Self {
            database,
            http,
            files,
            fonts: value("YUI_FONTS")
                .map(|folders| folders.split(':').map(PathBuf::from).collect())
                .unwrap_or_default(),
            keys: value("YUI_KEYS").map(str::to_owned),
            mail,
        })
    }
}

fn connection_limits<'v>(value: impl Fn(&str) -> Option<&'v str> + Copy) -> Result<ConnectionLimits, ConfigError> {
    Ok(ConnectionLimits {
        connections: number("YUI_CONNECTIONS", value, 10..=1_000_000)?,
        per_address: number("YUI_CONNECTIONS_PER_ADDRESS", value, 1..=1_000_000)?,
        head: seconds("YUI_HEAD_TIMEOUT", value, 1..=600)?,
        body: seconds("YUI_BODY_TIMEOUT", value, 1..=600)?,
        idle: seconds("YUI_IDLE_TIMEOUT", value, 1..=3_600)?,
        drain_delay: seconds("YUI_DRAIN_DELAY", value, 0..=600)?,
        stop: seconds("YUI_STOP_TIMEOUT", value, 1..=600)?,
    })
}

/// Returns the folder of files that goes with a database: beside the file of an embedded one.
fn files_beside(database: &str) -> PathBuf {
    let beside = database.strip_prefix("sqlite://").and_then(|path| Path::new(path).parent());
    beside.unwrap_or(Path::new("")).join("files")
}

/// Reads an address to listen on, as in `127.0.0.1:8080`; port 0 takes any free one.
///
/// # Errors
/// [`ConfigError::Value`] if the text is no such address.
pub fn listen(text: &str) -> Result<SocketAddr, ConfigError> {
    parsed("YUI_LISTEN", text, "an address and a port, as in 127.0.0.1:8080", |text| text.parse().ok())
}

/// The right form of `YUI_SMTP_URL`.
const SMTP_URL: &str = "smtp://user:password@host:587 or smtps://user:password@host:465 (in user and password, percent-encode \
                        what is no letter or digit; ?tls=none only for this machine)";

fn yes(name: &'static str, value: Option<&str>) -> Result<bool, ConfigError> {
    parsed(name, value.unwrap_or("yes"), "`yes` or `no`", |text| match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    })
}

fn host_name(text: &str) -> Option<String> {
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    text.split('.').all(label).then(|| text.to_lowercase())
}

/// Reads addresses and networks separated by commas.
fn networks(text: &str) -> Result<Vec<IpNet>, ConfigError> {
    let expected = "addresses or networks separated by commas, as in 127.0.0.1,10.0.0.0/8";
    let network = |one: &str| {
        parsed("YUI_TRUSTED_PROXIES", one, expected, |one| {
            one.parse().ok().or_else(|| one.parse::<IpAddr>().ok().map(IpNet::from))
        })
    };
    text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(network).collect()
}

/// Reads a number of a range; the key's own default if none is given.
fn number<'v>(
    name: &'static str,
    value: impl Fn(&str) -> Option<&'v str>,
    range: RangeInclusive<usize>,
) -> Result<usize, ConfigError> {
    let default = KEYS.iter().find(|key| key.name == name).map_or("", |key| key.default);
    let given = value(name).unwrap_or(default);
    given.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| ConfigError::Range {
        name,
        value: given.to_owned(),
        least: *range.start(),
        most: *range.end(),
    })
}

/// As [`number`], of megabytes; returns bytes.
fn megabytes<'v>(
    name: &'static str,
    value: impl Fn(&str) -> Option<&'v str>,
    range: RangeInclusive<usize>,
) -> Result<u64, ConfigError> {
    number(name, value, range).map(|megabytes| (megabytes as u64) << 20)
}

/// As [`number`], of seconds.
fn seconds<'v>(
    name: &'static str,
    value: impl Fn(&str) -> Option<&'v str>,
    range: RangeInclusive<usize>,
) -> Result<Duration, ConfigError> {
    number(name, value, range).map(|seconds| Duration::from_secs(seconds as u64))
}

fn parsed<T>(
    name: &'static str,
    value: &str,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, ConfigError> {
    parse(value).ok_or_else(|| ConfigError::Value { name, value: value.to_owned(), expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn nothing_given_is_a_working_setting() {
        let config = read(&[("HOME", "/tmp"), ("YUI_TEST_POSTGRES", "x")]).unwrap();
        assert_eq!((config.database.url.as_str(), config.http.https), ("sqlite://yui.db", true));
    }

    #[test]
    fn a_misspelt_key_and_a_bad_value_are_named() {
        assert_eq!(read(&[("YUI_LISTN", "x")]).unwrap_err(), ConfigError::Unknown("YUI_LISTN".into()));
        let error = read(&[("YUI_LISTEN", "8080")]).unwrap_err().to_string();
        assert_eq!(error, "YUI_LISTEN: \"8080\" is not an address and a port, as in 127.0.0.1:8080");
        assert!(read(&[("YUI_DATABASE_CONNECTIONS", "0")]).is_err());
        assert!(read(&[("YUI_HTTPS", "true")]).is_err());
        assert!(read(&[("YUI_PUBLIC_PORT", "0")]).is_err());
        let error = read(&[("YUI_HEAD_TIMEOUT", "0")]).unwrap_err().to_string();
        assert_eq!(error, "YUI_HEAD_TIMEOUT: \"0\" is not a number from 1 to 600");
        let error = read(&[("YUI_SMTP_URL", "smtp://user:secret@mail.example.jp?tls=none")]).unwrap_err().to_string();
        assert!(error.starts_with("YUI_SMTP_URL: ") && !error.contains("secret"), "{error}");
        assert!(read(&[("YUI_MAIL_DOMAIN", "a b")]).is_err());
    }
}
