//! `yui import …`, `yui publish`, `yui withdraw`.

use std::{fs::File, io::BufWriter, path::PathBuf};

use anyhow::{Context, bail};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, Subcommand, builder::PossibleValuesParser};
use kenpo_formats::{Fault, FaultsCsv, write_faults_csv};

use super::{
    output,
    start::{for_society, read_society},
};
use crate::features::{
    imports::{
        self, Answers, Choices, ChunkFault, Entry, Format, Job, Kind, Options, Outcome, Profile, Question, RowQuestion,
        Source, Through, Unconfirmed, UsedProfile, Watch, YES, kinds,
    },
    register::MISSING,
};

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    #[command(flatten)]
    File(FileOfKind),
    /// Lists what was imported
    List {
        /// The society's short name
        #[arg(long)]
        society: String,
    },
    /// Writes what was wrong in a batch as CSV: line, column, reason
    Faults(BatchArgs),
}

/// A file of a kind: one sub-command for each kind there is, with an option for each of its questions.
#[derive(Debug)]
pub(super) struct FileOfKind {
    kind: Kind,
    line: FileLine,
    answers: Answers,
}

fn option(question: &'static Question) -> Arg {
    let arg = Arg::new(question.name).long(question.option).help(question.about);
    match question.choices {
        Choices::Among(words) => {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            arg.default_value(words.first().copied().unwrap_or_default()).value_parser(PossibleValuesParser::new(words))
        }
        Choices::Day => arg.value_name("DAY").required_unless_present("template"),
        Choices::DayIfAny => arg.value_name("DAY"),
        Choices::Yes => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value(YES)
            .value_parser(PossibleValuesParser::new([YES]))
            .hide_possible_values(true),
    }
}

impl FromArgMatches for FileOfKind {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let unknown =
            || clap::Error::raw(clap::error::ErrorKind::InvalidSubcommand, "there is no such kind of files\n");
        let (name, matches) = matches.subcommand().ok_or_else(unknown)?;
        let kind = kinds().find(|kind| kind.command() == name).ok_or_else(unknown)?;
        let answer =
            |question: &Question| Some((question.name.to_owned(), matches.get_one::<String>(question.name)?.clone()));
        let answers = kind.questions().iter().filter_map(answer).collect();
        Ok(Self { kind, line: FileLine::from_arg_matches(matches)?, answers })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for FileOfKind {
    fn augment_subcommands(command: Command) -> Command {
        kinds().fold(command, |command, kind| {
            let line = FileLine::augment_args(Command::new(kind.command()).about(kind.about()));
            command.subcommand(line.args(kind.questions().iter().map(option)))
        })
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        kinds().any(|kind| kind.command() == name)
    }
}

#[derive(Debug, Args)]
pub(super) struct FileLine {
    /// The society's short name
    #[arg(long, required_unless_present = "template")]
    society: Option<String>,
    /// The file; of expenses, several files of one month or a ZIP of them, which become one batch
    #[arg(required_unless_present = "template", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Says what would change, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// Takes nothing if anything is wrong
    #[arg(long)]
    all_or_nothing: bool,
    /// Takes a file that is cut off, or whose totals are others than it states
    #[arg(long)]
    accept_totals: bool,
    /// Where to write what is wrong, as CSV: line, column, reason, and the file where there are several
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// Where to write what to look at though it is taken, as CSV: line, column, reason, and the file where there are several
    #[arg(long, value_name = "FILE")]
    notices: Option<PathBuf>,
    /// The form of the file, where its first record does not tell
    #[arg(long)]
    format: Option<Format>,
    /// The column profile (列の対応) by which a CSV without our own header is read; the one that its header fits where it is not given
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Prints an empty table with two example rows
    #[arg(long)]
    template: bool,
}

#[derive(Debug, Args)]
pub(super) struct BatchArgs {
    /// The society's short name
    #[arg(long)]
    society: String,
    /// The number of the batch
    #[arg(long)]
    batch: i64,
}

/// `yui publish`.
#[derive(Debug, Args)]
pub(super) struct PublishLine {
    #[command(flatten)]
    batch: BatchArgs,
    /// Up to which month everything has arrived with it, as in 2026-09, or `none`; what the rows tell where it is not given. For a
    /// published batch, only this changes
    #[arg(long, value_name = "MONTH", value_parser = through)]
    through: Option<Through>,
}

fn through(text: &str) -> Result<Through, kenpo_formats::month::TreatmentMonthError> {
    if text == "none" { Ok(Through::Is(None)) } else { text.parse().map(Some).map(Through::Is) }
}

/// `yui withdraw`.
#[derive(Debug, Args)]
pub(super) struct WithdrawLine {
    #[command(flatten)]
    batch: BatchArgs,
    /// Why, for the audit log and the console
    #[arg(long)]
    reason: String,
}

/// How many mistakes are shown on the screen.
const SHOWN: usize = 20;

impl Import {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::File(file) => file.import().await?,
            Self::List { society } => {
                let (app, scope) = read_society(&society).await?;
                for batch in imports::batches(&app, &scope).await? {
                    say!(
                        "{}\t{}\t{}\t{}\t+{} -{} ?{}",
                        batch.batch_id,
                        batch.kind.as_str(),
                        batch.state.as_str(),
                        batch.file_name,
                        batch.accepted,
                        batch.rejected,
                        batch.unmatched
                    );
                }
            }
            Self::Faults(BatchArgs { society, batch }) => {
                let (app, scope) = read_society(&society).await?;
                let faults = imports::faults(&app, &scope, batch).await?;
                output::as_read(write_faults_csv(std::io::stdout().lock(), faults.iter()))?;
            }
        }
        Ok(())
    }
}

/// The lines printed about one file.
struct FindingsWatch {
    mistakes: FaultList,
    notices: FaultList,
    to_confirm: Vec<Fault>,
}

impl Watch for FindingsWatch {
    fn fault(&mut self, fault: &ChunkFault) {
        self.mistakes.push(&fault.fault);
    }

    fn notice(&mut self, notice: &Fault) {
        self.notices.push(notice);
    }

    fn confirm(&mut self, faults: &[Fault]) {
        self.to_confirm.extend_from_slice(faults);
    }

    fn found(&mut self, entries: &[Entry], _: &[RowQuestion]) {
        // Who joins, leaves and changes is what the console is for; whom a file leaves out would otherwise not be said anywhere.
        for Entry { who, numbers, .. } in entries.iter().filter(|entry| entry.list == MISSING) {
            self.notices
                .push(&Fault::new(0, "ファイルにいない人", format!("{numbers} {who}")).with_person(numbers, who));
        }
    }
}

/// Mistakes or notices: the first ones for the screen, all of them for the CSV.
struct FaultList {
    count: usize,
    first: Vec<Fault>,
    all: Option<FaultsCsv<BufWriter<File>>>,
}

impl FaultList {
    fn open(path: Option<&PathBuf>, source: &Source) -> anyhow::Result<Self> {
        let create = |path: &PathBuf| {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            let file = BufWriter::new(file);
            anyhow::Ok(if source.is_several() { FaultsCsv::of_several_files(file)? } else { FaultsCsv::new(file)? })
        };
        Ok(Self { count: 0, first: Vec::new(), all: path.map(create).transpose()? })
    }

    fn push(&mut self, fault: &Fault) {
        self.count += 1;
        let written = self.all.as_mut().map_or(Ok(()), |csv| csv.write(fault));
        if let Err(error) = written {
            tracing::error!("cannot write the CSV of faults or notices: {error}");
        }
        if self.first.len() < SHOWN {
            self.first.push(fault.clone());
        }
    }

    /// Says the first ones, and with which option all are written.
    fn say(&self, what: &str, option: &str) {
        for fault in &self.first {
            say!("  {what}{fault}");
        }
        let more = self.count - self.first.len();
        if more > 0 {
            say!("  … and {more} more; {option} FILE writes them all");
        }
    }
}

/// Returns the error for a file that needs confirmation.
fn unconfirmed(source: &Source, faults: &[Fault]) -> anyhow::Error {
    let why: Vec<_> = faults.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{} may not be whole: {}; --accept-totals takes it as it is", source.name, why.join("; "))
}

/// Returns the profile of this name.
fn profile_of<'p>(profiles: &'p [Profile], kind: Kind, name: &str) -> anyhow::Result<&'p Profile> {
    let of_kind: Vec<_> = profiles.iter().filter(|profile| profile.kind.as_str() == kind.as_str()).collect();
    let names = || of_kind.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = of_kind.iter().copied().find(|profile| profile.name == name);
    found.with_context(|| format!("there is no profile {name:?} for {}; there are: {}", kind.command(), names()))
}

impl FileOfKind {
    async fn import(self) -> anyhow::Result<()> {
        let Self { kind, line, answers } = self;
        if line.template {
            output::text(kind.template());
            return Ok(());
        }
        let Some(society) = &line.society else { bail!("a society and a file are needed") };
        let (app, scope) = for_society(society).await?;
        if !line.dry_run {
            // The end of an import is recorded in the sealed audit log: without keys it would fail after all its work.
            app.keys()?;
        }
        if let Some((name, why)) = kind.refused(&answers, app.clock.today()).first() {
            let question = kind.questions().iter().find(|question| question.name == *name);
            let name = question.map_or(*name, |question| question.option);
            bail!("--{name}: {why}");
        }
        let source = Source::of_files(&line.files, line.format, kind, app.config.files.limit)?;
        let profiles = imports::profiles(&app, &scope).await?;
        let profile = match &line.profile {
            Some(name) => Some(profile_of(&profiles, kind, name)?),
            None => imports::fitting(&profiles, kind, &source),
        };
        if let Some(profile) = profile {
            say!("columns by the profile {}", profile.name);
        }
        let source = source.with_profile(profile.map(UsedProfile::from));
        let options =
            Options { dry_run: line.dry_run, all_or_nothing: line.all_or_nothing, confirmed: line.accept_totals };
        let mut told = FindingsWatch {
            mistakes: FaultList::open(line.errors.as_ref(), &source)?,
            notices: FaultList::open(line.notices.as_ref(), &source)?,
            to_confirm: Vec::new(),
        };
        let job = Job { app: &app, scope: &scope, source: &source, options, answers: &answers, watch: &mut told };
        let result = kind.import(job).await;
        app.db.close().await;
        let report = match result {
            Err(error) => match error.downcast::<Unconfirmed>() {
                Ok(Unconfirmed(faults)) => return Err(unconfirmed(&source, &faults)),
                Err(error) => return Err(error),
            },
            Ok(report) => report,
        };
        say!("{report}");
        if report.outcome != Outcome::AlreadyThere {
            told.mistakes.say("", "--errors");
            told.notices.say("to look at: ", "--notices");
        }
        if report.outcome == Outcome::Refused {
            bail!("{} has mistakes", source.name);
        }
        let is_new = report.outcome != Outcome::AlreadyThere;
        if is_new && report.rejected > 0 && report.accepted + report.unmatched == 0 {
            bail!("no row of {} was taken", source.name);
        }
        if !line.accept_totals && !told.to_confirm.is_empty() {
            return Err(unconfirmed(&source, &told.to_confirm));
        }
        Ok(())
    }
}

impl PublishLine {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let BatchArgs { society, batch } = self.batch;
        let (app, scope) = for_society(&society).await?;
        let through = self.through.unwrap_or(Through::Suggested);
        let through = imports::publish_through(&app, &scope, batch, through).await?;
        app.db.close().await;
        say!("batch {batch} is published");
        match through {
            Some(month) => say!("  everything up to {month} has arrived; --through says otherwise"),
            None => say!("  no month has arrived whole with it; --through says otherwise"),
        }
        Ok(())
    }
}

impl WithdrawLine {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let BatchArgs { society, batch } = self.batch;
        let (app, scope) = for_society(&society).await?;
        let kept = imports::withdraw(&app, &scope, batch, self.reason.trim()).await?;
        app.db.close().await;
        say!("batch {batch} is withdrawn");
        if kept > 0 {
            say!("  {kept} accounts stay: their owners have begun enrolment");
        }
        Ok(())
    }
}
