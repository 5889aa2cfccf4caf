//! Where the server is, and how it is reached.

use std::{path::Path, path::PathBuf, time::Duration};

use tokio::time::timeout;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    connection::Connection,
    tls::{self, Verify},
};
use crate::{DbError, EngineError};

/// How long a connection may take.
const CONNECTED: Duration = Duration::from_secs(5);

/// The folders in which a server on this machine has its socket, in the order in which they are looked at.
const SOCKETS: &[&str] = &["/var/run/postgresql", "/tmp"];

/// A server, and how connections to it are made.
#[derive(Clone)]
pub(super) struct Server {
    config: Config,
    tls: MakeRustlsConnect,
}

#[expect(clippy::disallowed_methods, reason = "what the address leaves out is in libpq's variables, as for psql")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("hosts", &self.config.get_hosts()).finish_non_exhaustive()
    }
}

impl Server {
    /// Reads an address; what it leaves out is taken from `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD` and `PGDATABASE`. `sslmode` and `sslrootcert` mean what they mean to libpq; `allow` is `disable`.
    ///
    /// # Errors
    /// [`DbError::Unreachable`] with what cannot be read, or a certificate that cannot be.
    pub(super) fn parse(url: &str) -> Result<Self, DbError> {
        let wrong = |why: String| DbError::Unreachable { place: "this address".into(), why };
        let mut url = url::Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        let (mut mode, mut root, mut rest) = (None, None, Vec::new());
        for (key, value) in url.query_pairs() {
            match &*key {
                "sslmode" | "ssl-mode" => mode = Some(value.into_owned()),
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => root = Some(PathBuf::from(&*value)),
                _ => rest.push((key.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
        let mut config: Config = url.as_str().parse().map_err(|error| wrong(EngineError::from(error).to_string()))?;
        let (ssl, verify) = match mode.or_else(|| variable("PGSSLMODE")).as_deref().unwrap_or("prefer") {
            "disable" | "allow" => (SslMode::Disable, Verify::Nothing),
            "prefer" => (SslMode::Prefer, Verify::Nothing),
            "require" => (SslMode::Require, Verify::Nothing),
            "verify-ca" => (SslMode::Require, Verify::Authority),
            "verify-full" => (SslMode::Require, Verify::AuthorityAndName),
            other => {
                return Err(wrong(format!(
                    "sslmode {other} is not one of disable, allow, prefer, require, verify-ca, verify-full"
                )));
            }
        };
        if let (None, Some(user)) = (config.get_user(), variable("PGUSER")) {
            config.user(user);
        }
        if let (None, Some(password)) = (config.get_password(), variable("PGPASSWORD")) {
            config.password(password);
        }
        if let (None, Some(database)) = (config.get_dbname(), variable("PGDATABASE")) {
            config.dbname(database);
        }
        if let (true, Some(port)) = (config.get_ports().is_empty(), variable("PGPORT")) {
            config.port(port.parse().map_err(|_| wrong(format!("PGPORT {port} is not a number")))?);
        }
        if let (true, Some(host)) = (config.get_hosts().is_empty(), variable("PGHOST")) {
            config.host(host);
        }
        if config.get_hosts().is_empty() {
            let has_socket = |folder: &&&str| Path::new(folder).join(".s.PGSQL.5432").exists();
            match SOCKETS.iter().find(has_socket) {
                Some(folder) => config.host_path(folder),
                None => config.host("localhost"),
            };
        }
        config.ssl_mode(ssl).application_name("yui").connect_timeout(CONNECTED);
        let root = root.or_else(|| variable("PGSSLROOTCERT").map(PathBuf::from));
        let tls = tls::connector(verify, root.as_deref()).map_err(wrong)?;
        Ok(Self { config, tls })
    }

    /// Returns the same server with settings for each session.
    pub(super) fn with_settings(&self, settings: &[(&str, u128)]) -> Self {
        let mut server = self.clone();
        let settings: Vec<_> = settings.iter().map(|(name, value)| format!("-c {name}={value}")).collect();
        let before = self.config.get_options().map(|options| format!("{options} ")).unwrap_or_default();
        server.config.options(before + &settings.join(" "));
        server
    }

    /// Connects and disconnects.
    pub(super) async fn try_it(&self) -> Result<(), DbError> {
        match self.connect().await {
            Ok(_) => Ok(()),
            Err(error) => Err(DbError::Unreachable { place: self.place(), why: error.to_string() }),
        }
    }

    pub(super) async fn connect(&self) -> Result<Connection, EngineError> {
        let connecting = timeout(CONNECTED, self.config.connect(self.tls.clone()));
        let (client, connection) = connecting.await.map_err(|_| EngineError::of_ours("it does not answer"))??;
        // It runs until the client is dropped. If the connection breaks, each pending statement fails with the error.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Connection::new(client))
    }

    /// Asks the server to end the statement that the connection runs, and closes the connection.
    pub(super) async fn cancel(&self, connection: Connection) {
        // If it cannot be reached for that, the statement ends when it finds nobody to answer.
        let _ = timeout(CONNECTED, connection.client.cancel_token().cancel_query(self.tls.clone())).await;
    }

    fn place(&self) -> String {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            Some(Host::Unix(folder)) => folder.display().to_string(),
            None => "?".into(),
        };
        format!("{host}:{}", self.config.get_ports().first().unwrap_or(&5432))
    }
}
