//! Kinds of files. A later kind is one more line of `wiring.rs`: the console's pages and the command line know it by that.

use std::fmt::Debug;

use futures::future::BoxFuture;
use jiff::{Timestamp, civil::Date};
use kenpo_formats::csv_table::Column;
use yui_db::Tx;

use super::{
    HandChange, Report,
    job::{Answers, Job},
    totals::{FileTotals, MonthRows},
};
use crate::core::{
    app::App,
    mail::{Letter, MailFrame},
    scope::SystemScope,
};

/// A kind of files.
pub type Kind = &'static dyn FileKind;

/// The kinds of the program, in the order in which staff need them.
#[derive(Debug)]
pub struct Kinds(pub &'static [Kind]);

yui_db::inventory::collect!(Kinds);

/// Returns every kind there is, in the order in which staff need them.
pub fn kinds() -> impl Iterator<Item = Kind> {
    yui_db::inventory::iter::<Kinds>.into_iter().flat_map(|kinds| kinds.0.iter().copied())
}

/// Returns the kind of this word.
pub fn kind_of(word: &str) -> Option<Kind> {
    kinds().find(|kind| kind.as_str() == word)
}

/// Returns the kind of this word, for pages that refer to one by name: `register`, `expenses`.
#[expect(
    clippy::expect_used,
    reason = "the lists are the program's own, and the samples of the pages ask for both in each test run"
)]
pub(super) fn named(word: &str) -> Kind {
    kind_of(word).expect("wiring.rs lists the kind")
}

/// A kind of file, as the pages and the command line use it.
pub trait FileKind: Debug + Send + Sync {
    /// Returns the word in the database.
    fn as_str(&self) -> &'static str;

    /// Returns the word on the command line.
    fn command(&self) -> &'static str {
        self.as_str()
    }

    /// Returns its label for staff.
    fn label(&self) -> &'static str;

    /// Returns which files these are, in a sentence for staff.
    fn explanation(&self) -> &'static str;

    /// Returns the same for the command line.
    fn about(&self) -> &'static str;

    /// Returns an empty table with example rows: no cell of it is quoted.
    fn template(&self) -> &'static str;

    /// Returns the columns of its CSV, as its reader knows them.
    fn columns(&self) -> &'static [Column];

    /// Returns the (Japanese) labels of its imports' other counts.
    fn details(&self) -> &'static [(&'static str, &'static str)];

    /// Returns the lists of a preview: the word of [`super::Entry::list`] and the (Japanese) label.
    fn lists(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Returns whether electronic claim files (UKE) are of this kind as well.
    fn reads_claims(&self) -> bool {
        false
    }

    /// Returns whether a society may define column profiles for other programs' files.
    fn takes_profiles(&self) -> bool {
        false
    }

    /// Returns whether several files, or a ZIP of them, are accepted as one.
    fn takes_several(&self) -> bool {
        false
    }

    /// Returns the questions beside the file.
    fn questions(&self) -> &'static [Question] {
        &[]
    }

    /// Returns the mistakes in the answers: the question's name and the reason.
    fn refused(&self, _answers: &Answers, _today: Date) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Returns whether a file is in force as soon as it is read, without a publication.
    fn at_once(&self) -> bool;

    /// Returns whether the same content may be imported again after a later file of the kind.
    fn comes_again(&self) -> bool {
        false
    }

    /// Checks or imports a file, as the job's options say: makes the importer and hands it to [`Job::run`].
    fn import<'a>(&'a self, job: Job<'a>) -> BoxFuture<'a, anyhow::Result<Report>>;

    /// Returns the totals of a batch of this kind, for comparing a new file with it.
    fn figures<'a>(
        &'a self,
        _app: &'a App,
        _scope: &'a SystemScope,
        _batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<FileTotals>> {
        Box::pin(async { Ok(FileTotals::default()) })
    }

    /// Returns how many rows of each month a batch has; none if rows of this kind have no month.
    fn months<'a>(
        &'a self,
        _app: &'a App,
        _scope: &'a SystemScope,
        _batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<Vec<MonthRows>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Performs the consequences of a publication, in its transaction.
    fn published<'a>(
        &'a self,
        _tx: &'a mut Tx,
        _scope: &'a SystemScope,
        _batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    /// Hides the rows of a batch, in the transaction of its withdrawal; returns how many have to stay. From then on,
    /// until [`FileKind::clear`] has deleted the batch's rows, they must count nowhere.
    fn withdrawn<'a>(
        &'a self,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        now: Timestamp,
    ) -> BoxFuture<'a, anyhow::Result<i64>>;

    /// Deletes up to this number of a withdrawn batch's remaining rows; returns how many were deleted, none if there
    /// are no more.
    fn clear<'a>(
        &'a self,
        _tx: &'a mut Tx,
        _scope: &'a SystemScope,
        _batch_id: i64,
        _most: i64,
    ) -> BoxFuture<'a, anyhow::Result<u64>> {
        Box::pin(async { Ok(0) })
    }

    /// Returns why the result of the check is out of date, so that staff have to see the file's preview again before it
    /// is imported. `details` are the check's counts.
    fn is_outdated<'a>(
        &'a self,
        _app: &'a App,
        _scope: &'a SystemScope,
        _answers: &'a Answers,
        _details: &'a [(String, i64)],
    ) -> BoxFuture<'a, anyhow::Result<Option<&'static str>>> {
        Box::pin(async { Ok(None) })
    }

    /// Returns the effects of withdrawing such a batch, or the obstacle to it, in words for staff.
    fn about_withdrawal(&self) -> &'static str {
        ""
    }

    /// Returns the details that count records that are worth an import though none is accepted yet.
    fn worth_importing(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns the work of this kind that waits for staff.
    fn waits<'a>(
        &'a self,
        _app: &'a App,
        _scope: &'a SystemScope,
    ) -> BoxFuture<'a, anyhow::Result<Option<PendingWork>>> {
        Box::pin(async { Ok(None) })
    }

    /// Returns the page on which staff see single rows of a batch, if rows of this kind have one.
    fn rows_path(&self, _batch_id: i64) -> Option<String> {
        None
    }

    /// Returns the first changes of a batch that staff made by hand; none of a batch that is a file.
    fn changes_by_hand<'a>(
        &'a self,
        _app: &'a App,
        _scope: &'a SystemScope,
        _batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<Vec<HandChange>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Returns the societies in which rows of this kind wait and whose register has changed since.
    fn societies_to_catch_up<'a>(&'a self, _app: &'a App) -> BoxFuture<'a, anyhow::Result<Vec<i64>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Processes a portion of the rows that wait for the register, as far as it has their persons by now; returns
    /// whether more wait.
    fn catch_up<'a>(&'a self, _app: &'a App, _scope: &'a SystemScope) -> BoxFuture<'a, anyhow::Result<bool>> {
        Box::pin(async { Ok(false) })
    }

    /// Returns the mail to members about a publication.
    fn news(&self) -> Option<&'static dyn News> {
        None
    }
}

/// The work that waits for a decision of staff.
#[derive(Clone, Debug)]
pub struct PendingWork {
    /// The number of items, never 0, in a sentence.
    pub words: String,
    /// The page for the decision.
    pub path: &'static str,
}

/// The mail to members about a publication.
pub trait News: Sync {
    /// Returns the kind of mail that members can choose, as `account` knows it.
    fn wish(&self) -> &'static str;

    /// Returns the next so many members whom the batch concerns and who want the mail, after this account, by account.
    fn readers<'a>(
        &'a self,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        page: (i64, i64),
        today: Date,
    ) -> BoxFuture<'a, anyhow::Result<Vec<Reader>>>;

    /// Returns the letter.
    fn letter(&self, frame: &MailFrame, batch: &super::Batch) -> Letter;
}

/// A recipient of the mail.
#[derive(Debug)]
pub struct Reader {
    /// The account.
    pub account_id: i64,
    /// Its address.
    pub email: String,
    /// Its language.
    pub lang: String,
}

/// A question beside the file.
#[derive(Debug)]
pub struct Question {
    /// Its name in forms and in the answers.
    pub name: &'static str,
    /// Its name on the command line.
    pub option: &'static str,
    /// The question to staff.
    pub label: &'static str,
    /// The hint for answering it.
    pub hint: &'static str,
    /// The same for the command line.
    pub about: &'static str,
    /// The possible answers.
    pub choices: Choices,
    /// Whether the preview asks it again, if its list of the same name has entries.
    pub again: bool,
}

/// The possible answers to a question.
#[derive(Debug)]
pub enum Choices {
    /// One of these, each with its words for staff; the first is the usual one.
    Among(&'static [(&'static str, &'static str)]),
    /// A date, as in 2027-03-31.
    Day,
    /// A date, or none.
    DayIfAny,
    /// [`YES`], or nothing: a box to tick.
    Yes,
}

/// The value of a ticked box.
pub(crate) const YES: &str = "yes";

impl Choices {
    /// Returns whether this is one of the words to choose from.
    pub(super) fn have(&self, answer: &str) -> bool {
        matches!(self, Self::Among(words) if words.iter().any(|(word, _)| *word == answer))
    }
}
