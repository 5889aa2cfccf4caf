//! Filling the demo: through the same imports that a society uses.

use std::{fs, path::Path};

use anyhow::Context;
use jiff::civil::{Date, date};
use kenpo_formats::{InsurerNumber, TreatmentMonth};
use yui_auth::password::Password;

use super::{
    accounts::{ACCOUNTS, PASSWORD, STAFF, email, first_factor, totp_key},
    expenses::expenses_csv,
    people::{Household, households, register_csv},
    societies::{DemoSociety, SOCIETIES},
};
use crate::{
    core::{
        app::App,
        scope::SystemScope,
        society::{self, InSociety, Preset},
    },
    features::{
        account::{
            create::{self, NewAccount},
            steps::AccountState,
        },
        expenses::ExpenseImport,
        imports::{self, Format, Options, Source, Through},
        register::RegisterImport,
        societies::{self, create::NewSociety, signing_key},
        staff::admin as staff,
    },
};

/// The first month with expenses.
const FIRST_MONTH: (i16, u8) = (2021, 1);

/// The day from which the older system of one society is closed; its host name shows where the portal is.
const OLDER_CLOSES: Date = date(2027, 3, 31);

/// How many months the newest published expenses lie back.
const MONTHS_BEHIND: i32 = 2;

/// Makes the five societies with their people, expenses and accounts, unless the data is there already.
///
/// # Errors
/// Where the database fails or the demo's own data has a mistake.
pub async fn seed(app: &App) -> anyhow::Result<()> {
    if !society::society_list(&app.db).await?.is_empty() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    for (demo, seed) in SOCIETIES.iter().zip(1..) {
        let key = demo.preset.key();
        let new = NewSociety {
            key: key.to_owned(),
            host: format!("{key}.localhost"),
            name: demo.name.to_owned(),
            insurer_numbers: vec![demo.insurer_number.parse::<InsurerNumber>()?],
            policy: demo.preset.policy()?,
        };
        societies::create::create(app, &new).await?;
        let scope = SystemScope::of_society(app, key).await?;
        if demo.preset == Preset::Nanohana {
            societies::older_host::keep(app, &scope, &format!("{key}-old.localhost"), OLDER_CLOSES).await?;
        }
        let households = households(seed);
        fill(app, &scope, demo, &households, folder.path()).await.with_context(|| format!("society {key}"))?;
    }
    Ok(())
}

async fn fill(
    app: &App,
    scope: &SystemScope,
    demo: &DemoSociety,
    households: &[Household],
    folder: &Path,
) -> anyhow::Result<()> {
    let numbers = vec![demo.insurer_number.to_owned()];
    let file = |name: &str, text: String| {
        let path = folder.join(format!("{}-{name}", demo.preset.key()));
        fs::write(&path, text)?;
        anyhow::Ok(Source::examine(&path, Some(Format::Csv))?)
    };

    let register = file("register.csv", register_csv(demo.insurer_number, households))?;
    let importer = RegisterImport::new(scope.clone(), numbers.clone(), app.clock.now());
    imports::run(app, scope, importer, &register, Options::default(), fault).await?;

    let this_month = TreatmentMonth::of(app.clock.today());
    let newest = this_month.plus_months(-MONTHS_BEHIND);
    let first = TreatmentMonth::new(FIRST_MONTH.0, FIRST_MONTH.1).unwrap_or(newest);
    let months = std::iter::successors(Some(first), |month| Some(month.next())).take_while(|month| *month <= newest);
    let years: std::collections::BTreeMap<i16, String> = months.fold(Default::default(), |mut years, month| {
        let csv = expenses_csv(demo.insurer_number, households, month);
        let (header, rows) = csv.split_once("\r\n").unwrap_or((&csv, ""));
        years.entry(month.year()).or_insert_with(|| format!("{header}\r\n")).push_str(rows);
        years
    });
    for (year, csv) in years {
        let source = file(&format!("expenses-{year}.csv"), csv)?;
        let importer = ExpenseImport::new(scope.clone(), numbers.clone(), this_month);
        let report = imports::run(app, scope, importer, &source, Options::default(), fault).await?;
        let through = Through::Is(TreatmentMonth::new(year, 12).map(|december| december.min(newest)));
        imports::publish_through(app, scope, report.batch_id.context("the batch")?, through).await?;
    }
    // Before anybody has an account, so that nobody is mailed of years that were always there.
    imports::work_due(app).await?;

    let (signing, certificate) = invented_key(demo.name)?;
    signing_key::keep(app, scope, &signing, &certificate).await?;

    let key = totp_key();
    for account in &ACCOUNTS {
        let household = households.get(account.household).context("the account's household")?;
        let address = email(account.user_id, demo.preset.key());
        let enrolled = account.account_state == AccountState::Enrolled;
        let new = NewAccount {
            holder: (demo.insurer_number, &household.symbol, &household.number),
            user_id: account.user_id,
            password: PASSWORD,
            state: account.account_state,
            email: Some(&address),
            locked_at: account.locked.then(|| app.clock.now()),
            factor: first_factor(&scope.society().policy, &key).filter(|_| enrolled),
        };
        create::create(app, scope, &new).await?;
    }
    let hash = app.hasher.hash_patiently(Password::new(PASSWORD.to_owned()), app.random.bytes()?).await?;
    for (user, name, role) in STAFF {
        let email = email(user, demo.preset.key());
        staff::seed(app, scope, &staff::Invited { email: &email, name, role }, &hash, &key).await?;
    }
    Ok(())
}

/// The demo's own data has no mistakes; one would be a mistake of ours.
fn fault(fault: &imports::ChunkFault) {
    tracing::error!("the demo's data: {}", fault.fault);
}

/// Returns a fresh key and a certificate for it, as PEM, that nobody but the demo trusts.
fn invented_key(name: &str) -> anyhow::Result<(String, String)> {
    let key = rcgen::KeyPair::generate()?;
    let mut params = rcgen::CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(rcgen::DnType::OrganizationName, name);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Yui demo");
    let certificate = params.self_signed(&key)?;
    Ok((key.serialize_pem(), certificate.pem()))
}
