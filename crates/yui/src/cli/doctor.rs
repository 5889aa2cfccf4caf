//! `yui doctor`.

use anyhow::bail;
use clap::Args;
use yui_auth::seal::KeyRing;
use yui_db::{Db, Schema};
use yui_print::Fonts;

use super::{doctor_machine as machine, doctor_report::DoctorReport, output};
use crate::{
    core::{
        app::App,
        clock::Clock,
        config::{self, Config},
        scope::SystemScope,
        society::InSociety,
    },
    features::{
        account::{self, Events},
        audit_log::{self, LogVerdict},
        keys::{self, Fits, InUse},
        mails,
        societies::signing_key,
    },
};

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Prints the reference of all settings: meaning, default, example
    #[arg(long)]
    settings: bool,
}

impl Doctor {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if self.settings {
            output::text(&config::reference());
            return Ok(());
        }
        let config = Config::from_environment()?;
        let mut report = DoctorReport::default();
        let folders = match config.fonts.as_slice() {
            [] => yui_print::DEFAULT_FONT_DIRS.iter().map(Into::into).collect(),
            folders => folders.to_vec(),
        };
        report.tell("fonts", Fonts::find(&folders).map(|_| "found".into()).map_err(|error| error.to_string()));
        let schema = match Db::at(config.database.address(false)).await {
            Ok(db) => {
                let schema = db.schema().await;
                if let Some(server) = db.server().await? {
                    machine::server(&mut report, &server, Clock::System.now());
                }
                schema
            }
            Err(error) => Err(error),
        };
        let database = match &schema {
            Ok(Schema::Current) => Ok("answers".into()),
            Ok(Schema::Empty) => Err("it is empty: run `yui migrate`".into()),
            Ok(Schema::Older(left)) => Err(format!("{left} migrations are still to be done: run `yui migrate`")),
            Err(error) => Err(error.to_string()),
        };
        report.tell("database", database);
        machine::look(&mut report, &config);
        let keys = config.keys.as_deref().map(KeyRing::parse);
        let keys_read = matches!(keys, None | Some(Ok(_)));
        report.tell(
            "sealing keys",
            match keys {
                None => Err("YUI_KEYS is not set; tax files cannot be signed".into()),
                Some(Ok(_)) => Ok("given".into()),
                Some(Err(error)) => Err(format!("YUI_KEYS: {error}")),
            },
        );
        if matches!(schema, Ok(Schema::Current)) && keys_read {
            let app = App::start_reading(config).await?;
            let done = look_inside(&mut report, &app).await;
            app.db.close().await;
            done?;
        }
        if report.missing > 0 {
            bail!("{} missing", report.missing);
        }
        Ok(())
    }
}

/// Looks at what the database holds.
async fn look_inside(report: &mut DoctorReport, app: &App) -> anyhow::Result<()> {
    let scopes = SystemScope::of_all(app, "doctor").await?;
    let in_use = keys::in_use(app, &scopes).await?;
    for words in super::keys::words(app, &in_use) {
        report.tell("key", words);
    }
    let other_key = in_use.iter().find(|of| of.fits == Fits::OpensNothing && of.values > 1);
    if let Some(scope) = scopes.first() {
        let answers = mails::admin::server_answers(app, scope).await.map(|()| "lets us in".into());
        report.tell("mail server", answers);
    }
    for scope in &scopes {
        let key = &scope.society().key;
        let signing = signing_key::newest(app, scope).await.map_err(|error| format!("{error:#}"));
        let signing = signing.and_then(|key| key.map(|_| "present".into()).ok_or_else(|| "none kept".into()));
        report.tell(&format!("signing key of {key}"), signing);
        report.tell(&format!("audit log of {key}"), log_words(audit_log::verify(app, scope).await, other_key));
        let events = match account::verify_events(app, scope).await {
            Ok(Events::Whole(0)) => Ok("none is tied to the log yet".into()),
            Ok(Events::Whole(through)) => Ok(format!("whole up to event {through}")),
            Ok(Events::Changed(first, last)) => {
                Err(format!("tampered with: events {first} to {last} are not as they were written"))
            }
            Err(error) => Err(error.to_string()),
        };
        report.tell(&format!("accounts' history of {key}"), events);
    }
    Ok(())
}

fn log_words(verdict: anyhow::Result<LogVerdict>, other_key: Option<&InUse>) -> Result<String, String> {
    match (verdict, other_key) {
        (Ok(LogVerdict::Whole(count)), _) => Ok(format!("{count} entries, whole")),
        (Ok(LogVerdict::NoKey(count, id)), _) => {
            Err(format!("{count} entries hold together; their end cannot be checked: the key {id:?} is not given"))
        }
        (Ok(LogVerdict::WrongEnd(count)), Some(InUse { key, .. })) => Err(format!(
            "{count} entries hold together; their end cannot be checked: the key {key:?} opens nothing, here or elsewhere"
        )),
        (Ok(LogVerdict::Begun(count)), _) => {
            Err(format!("tampered with: its {count} entries do not begin with the making of the society"))
        }
        (Ok(LogVerdict::Broken(entry)), _) => Err(format!("tampered with: entry {entry} is not as it was written")),
        (Ok(LogVerdict::WrongEnd(entry)), None) => Err(format!("tampered with: it does not end with entry {entry}")),
        (Err(error), _) => Err(format!("{error:#}")),
    }
}
