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

/// Returns the kind of this word, of which pages speak by name: `register`, `expenses`.
#[expect(
    clippy::expect_used,
    reason = "the lists are the program's own, and the samples of the pages ask for both in each test run"
)]
pub(super) fn named(word: &str) -> Kind {
    kind_of(word).expect("wiring.rs lists the kind")
}

/// What the pages and the command line have to know of a kind of files.
pub trait FileKind: Debug + Send + Sync {
    /// Returns the word in the database.
    fn as_str(&self) -> &'static str;

    /// Returns the word on the command line.
    fn command(&self) -> &'static str {
        self.as_str()
    }

    /// Returns what staff call it.
    fn label(&self) -> &'static str;

    /// Returns which files these are, in a sentence for staff.
    fn explanation(&self) -> &'static str;

    /// Returns the same for the command line.
    fn about(&self) -> &'static str;

    /// Returns an empty table with example rows: no cell of it is quoted.
    fn template(&self) -> &'static str;

    /// Returns the columns of its CSV, as its reader knows them.
    fn columns(&self) -> &'static [Column];

    /// Returns the (Japanese) words for what its imports count besides.
    fn details(&self) -> &'static [(&'static str, &'static str)];

    /// Returns the lists of a preview: the word of [`super::Entry::list`] and the (Japanese) label.
    fn lists(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Returns whether electronic claim files (UKE) are of this kind as well.
    fn reads_claims(&self) -> bool {
        false
    }

    /// Returns whether a society may say what other programs call the columns.
    fn takes_profiles(&self) -> bool {
        false
    }

    /// Returns whether several files, or a ZIP of them, are taken as one.
    fn takes_several(&self) -> bool {
        false
    }

    /// Returns what is asked beside the file.
    fn questions(&self) -> &'static [Question] {
        &[]
    }

    /// Returns what is wrong with the answers: the question's name and why.
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

    /// Returns what a batch of this kind adds up to, for comparing a new file with it.
    fn figures<'a>(
        &'a self,
        _app: &'a App,
        _scope: &'a SystemScope,
        _batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<FileTotals>> {
        Box::pin(async { Ok(FileTotals::default()) })
    }

    /// Returns how many rows of each month a batch has; none where rows of this kind are of no month.
    fn months<'a>(
        &'a self,
        _app: &'a App,
        _scope: &'a SystemScope,
        _batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<Vec<MonthRows>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Settles what follows from a publication, in its transaction.
    fn published<'a>(
        &'a self,
        _tx: &'a mut Tx,
        _scope: &'a SystemScope,
        _batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    /// Takes what a batch brought out of sight, in the transaction of its withdrawal; returns how much of it has to stay.
    /// From then on, until [`FileKind::clear`] has deleted the batch's rows, they must count nowhere.
    fn withdrawn<'a>(
        &'a self,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        now: Timestamp,
    ) -> BoxFuture<'a, anyhow::Result<i64>>;

    /// Deletes so many of the rows that a withdrawn batch has left; returns how many these were, none where no more are there.
    fn clear<'a>(
        &'a self,
        _tx: &'a mut Tx,
        _scope: &'a SystemScope,
        _batch_id: i64,
        _most: i64,
    ) -> BoxFuture<'a, anyhow::Result<u64>> {
        Box::pin(async { Ok(0) })
    }

    /// Returns why what the check showed is out of date, so that staff have to see the file's preview again before it is imported.
    /// `details` is what the check counted.
    fn is_outdated<'a>(
        &'a self,
        _app: &'a App,
        _scope: &'a SystemScope,
        _answers: &'a Answers,
        _details: &'a [(String, i64)],
    ) -> BoxFuture<'a, anyhow::Result<Option<&'static str>>> {
        Box::pin(async { Ok(None) })
    }

    /// Returns what a withdrawal of such a batch leaves, or what stands against it, in words for staff.
    fn about_withdrawal(&self) -> &'static str {
        ""
    }

    /// Returns which of the details count records that are worth an import though none is taken yet.
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

    /// Returns the page on which staff look at single rows of a batch, where rows of this kind are looked at.
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

    /// Returns the societies in which rows of this kind wait for a register that has changed since.
    fn societies_to_catch_up<'a>(&'a self, _app: &'a App) -> BoxFuture<'a, anyhow::Result<Vec<i64>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Takes a portion of the rows that wait for the register, as far as it has their persons by now; returns whether more wait.
    fn catch_up<'a>(&'a self, _app: &'a App, _scope: &'a SystemScope) -> BoxFuture<'a, anyhow::Result<bool>> {
        Box::pin(async { Ok(false) })
    }

    /// Returns what members are mailed of a publication.
    fn news(&self) -> Option<&'static dyn News> {
        None
    }
}

/// What waits until staff have decided something.
#[derive(Clone, Debug)]
pub struct PendingWork {
    /// How many there are, never 0, in a sentence.
    pub words: String,
    /// Where it is decided.
    pub path: &'static str,
}

/// What members are mailed of a publication.
pub trait News: Sync {
    /// Returns the kind of mail that members want or not, as `account` knows it.
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

/// Somebody who is mailed.
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
    /// What staff are asked.
    pub label: &'static str,
    /// What they should know for that.
    pub hint: &'static str,
    /// The same for the command line.
    pub about: &'static str,
    /// What can be answered.
    pub choices: Choices,
    /// Whether the preview asks it again, if its list of the same name has entries.
    pub again: bool,
}

/// What can be answered.
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

/// The answer of a ticked box.
pub(crate) const YES: &str = "yes";

impl Choices {
    /// Returns whether this is one of the words to choose from.
    pub(super) fn have(&self, answer: &str) -> bool {
        matches!(self, Self::Among(words) if words.iter().any(|(word, _)| *word == answer))
    }
}
