//! `yui import …`, `yui publish`, `yui withdraw`.

use std::{fs::File, io::BufWriter, path::PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use kenpo_formats::{Fault, FaultsCsv, TreatmentMonth, expense_csv, older_users_csv, register_csv, write_faults_csv};

use super::for_society;
use crate::{
    app::App,
    features::{
        account::migration::{self, FirstLogin, Plan},
        expenses::ExpenseImport,
        imports::{self, Format, Options, Outcome, Source},
        register::RegisterImport,
        societies,
    },
    scope::SystemScope,
};

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Households and members, from a CSV; in force as soon as it is read
    Register(FileLine),
    /// Medical expenses, from a CSV or an electronic claim file (UKE); seen by members after `yui publish`
    Expenses(FileLine),
    /// Users of an older system, from a CSV: each gets an account that waits for enrolment
    OlderUsers {
        #[command(flatten)]
        line: FileLine,
        /// How they get in for the first time
        #[arg(long, default_value = "link")]
        first_login: FirstLogin,
        /// The last day on which they can
        #[arg(long, required_unless_present = "template")]
        until: Option<Date>,
    },
    /// Lists what was imported
    List {
        /// The society's short name
        #[arg(long)]
        society: String,
    },
    /// Writes what was wrong in a batch as CSV: line, column, reason
    Faults(BatchLine),
}

#[derive(Debug, Args)]
pub(super) struct FileLine {
    /// The society's short name
    #[arg(long, required_unless_present = "template")]
    society: Option<String>,
    /// The file
    #[arg(required_unless_present = "template")]
    file: Option<PathBuf>,
    /// Says what would change, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// Takes nothing if anything is wrong
    #[arg(long)]
    all_or_nothing: bool,
    /// Where to write what is wrong, as CSV: line, column, reason
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// The form of the file, where its first record does not tell
    #[arg(long)]
    format: Option<Format>,
    /// Prints an empty table with two example rows
    #[arg(long)]
    template: bool,
}

#[derive(Debug, Args)]
pub(super) struct BatchLine {
    /// The society's short name
    #[arg(long)]
    society: String,
    /// The number of the batch
    #[arg(long)]
    batch: i64,
}

/// How many mistakes are shown on the screen.
const SHOWN: usize = 20;

impl Import {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Register(line) if line.template => print!("{}", register_csv::template()),
            Self::Expenses(line) if line.template => print!("{}", expense_csv::template()),
            Self::Register(line) => {
                line.import(async |app, scope, source, options, faults| {
                    let numbers = societies::insurer_numbers(app, scope).await?;
                    let importer = RegisterImport::new(scope.clone(), numbers, app.clock.now());
                    imports::run(app, scope, importer, source, options, |fault| faults.push(fault.fault.clone())).await
                })
                .await?;
            }
            Self::Expenses(line) => {
                line.import(async |app, scope, source, options, faults| {
                    let numbers = societies::insurer_numbers(app, scope).await?;
                    let this_month = TreatmentMonth::of(app.clock.today());
                    let importer = ExpenseImport::new(scope.clone(), numbers, this_month);
                    imports::run(app, scope, importer, source, options, |fault| faults.push(fault.fault.clone())).await
                })
                .await?;
            }
            Self::OlderUsers { line, .. } if line.template => print!("{}", older_users_csv::template()),
            Self::OlderUsers { line, first_login, until } => {
                let until = until.context("--until is needed")?;
                line.import(async |app, scope, source, options, faults| {
                    let plan = Plan { first_login, until };
                    migration::import(app, scope, source, options, plan, |fault| faults.push(fault.fault.clone())).await
                })
                .await?;
            }
            Self::List { society } => {
                let (app, scope) = for_society(&society).await?;
                for batch in imports::batches(&app, &scope).await? {
                    println!(
                        "{}\t{}\t{}\t{}\t+{} -{} ?{}",
                        batch.batch_id,
                        batch.kind.word(),
                        batch.state.word(),
                        batch.file_name,
                        batch.accepted,
                        batch.rejected,
                        batch.unmatched
                    );
                }
            }
            Self::Faults(BatchLine { society, batch }) => {
                let (app, scope) = for_society(&society).await?;
                let faults = imports::faults(&app, &scope, batch).await?;
                write_faults_csv(std::io::stdout().lock(), faults.iter())?;
            }
        }
        Ok(())
    }
}

/// The mistakes of a file: the first ones for the screen, all of them for the CSV.
struct Mistakes {
    first: Vec<Fault>,
    all: Option<FaultsCsv<BufWriter<File>>>,
}

impl Mistakes {
    fn open(path: Option<&PathBuf>) -> anyhow::Result<Self> {
        let create = |path: &PathBuf| {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            anyhow::Ok(FaultsCsv::new(BufWriter::new(file))?)
        };
        Ok(Self { first: Vec::new(), all: path.map(create).transpose()? })
    }

    fn push(&mut self, fault: Fault) {
        let written = self.all.as_mut().map_or(Ok(()), |csv| csv.write(&fault));
        if let Err(error) = written {
            tracing::error!("the list of mistakes can not be written: {error}");
        }
        if self.first.len() < SHOWN {
            self.first.push(fault);
        }
    }
}

impl FileLine {
    async fn import(
        self,
        import: impl AsyncFnOnce(&App, &SystemScope, &Source, Options, &mut Mistakes) -> anyhow::Result<imports::Report>,
    ) -> anyhow::Result<()> {
        let (Some(society), Some(file)) = (&self.society, &self.file) else { bail!("a society and a file are needed") };
        let (app, scope) = for_society(society).await?;
        let source = Source::examine(file, self.format).with_context(|| format!("cannot read {}", file.display()))?;
        let options = Options { dry_run: self.dry_run, all_or_nothing: self.all_or_nothing };
        let mut mistakes = Mistakes::open(self.errors.as_ref())?;
        let report = import(&app, &scope, &source, options, &mut mistakes).await?;
        println!("{report}");
        for fault in &mistakes.first {
            println!("  {fault}");
        }
        let more = report.rejected + report.unmatched - i64::try_from(mistakes.first.len())?;
        if more > 0 && report.outcome != Outcome::AlreadyThere {
            println!("  … and {more} more; --errors FILE writes them all");
        }
        app.db.close().await;
        if report.outcome == Outcome::Refused {
            bail!("{} has mistakes", source.name);
        }
        Ok(())
    }
}

impl BatchLine {
    pub(super) async fn publish(self) -> anyhow::Result<()> {
        let (app, scope) = for_society(&self.society).await?;
        imports::publish(&app, &scope, self.batch).await?;
        app.db.close().await;
        println!("batch {} is published", self.batch);
        Ok(())
    }

    pub(super) async fn withdraw(self) -> anyhow::Result<()> {
        let (app, scope) = for_society(&self.society).await?;
        let kept = imports::withdraw(&app, &scope, self.batch).await?;
        app.db.close().await;
        println!("batch {} is withdrawn", self.batch);
        if kept > 0 {
            println!("  {kept} accounts stay: their owners have begun enrolment");
        }
        Ok(())
    }
}
