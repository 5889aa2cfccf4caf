//! The users of an older system → accounts that wait for enrolment, under the user IDs they know.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};
use kenpo_formats::{
    Fault,
    older_users_csv::{OlderUserRow, OlderUsersCsv},
};
use yui_db::Tx;

use super::{
    kind::OlderUserFiles,
    queries::{self, ExistingAccount},
};
use crate::{
    core::{
        app::App,
        clock::end_of,
        scope::SystemScope,
        society::{InSociety, ids_take},
    },
    features::{
        account::{
            queries::{self as accounts, NewMigratedAccount},
            rules,
            waiting::NO_PASSWORD,
        },
        imports::{Applied, ChunkFault, FaultKind, Importer, Kind, Newest, Read, Source},
        register::{Coverage, candidates, holder_key},
        societies,
    },
    ui::Lang,
};

/// The way in which users of an older system log in for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstLogin {
    /// By a link that is mailed to them and works once; users without an address get posted credentials.
    Link,
    /// By a password made of symbol, number and birth date: weak, because others know these.
    NumbersAndBirthDate,
}

/// The plan of an import of older users.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The way to their first login.
    pub first_login: FirstLogin,
    /// The last day of the first login.
    pub until: Date,
}

/// The import of users of an older system.
pub(crate) struct OlderUsers {
    scope: SystemScope,
    insurer_numbers: Vec<String>,
    first_login: FirstLogin,
    ends_at: Timestamp,
    now: Timestamp,
    today: Date,
    active: i64,
    idle: i64,
    without_address: i64,
    unchanged: i64,
    /// The accounts that a check would have created so far: an import asks the database instead.
    checked: ExistingAccounts,
}

impl OlderUsers {
    /// Returns an import for this society.
    pub(crate) async fn new(app: &App, scope: &SystemScope, plan: Plan) -> anyhow::Result<Self> {
        Ok(Self {
            scope: scope.clone(),
            insurer_numbers: societies::insurer_numbers(app, scope).await?,
            first_login: plan.first_login,
            ends_at: end_of(plan.until)?,
            now: app.clock.now(),
            today: app.clock.today(),
            active: 0,
            idle: 0,
            without_address: 0,
            unchanged: 0,
            checked: ExistingAccounts::default(),
        })
    }
}

/// A row whose own cells are valid, with its person.
struct ValidRow {
    line: u64,
    /// 記号-番号, as written.
    numbers: String,
    user_id: String,
    email: Option<String>,
    origin: &'static str,
    member_id: i64,
    household_id: i64,
}

fn fault(kind: FaultKind, (line, numbers): (u64, &str), column: &str, reason: impl Into<String>) -> ChunkFault {
    ChunkFault { kind, fault: Fault::new(line, column, reason).with_person(numbers, "") }
}

impl Importer for OlderUsers {
    type Record = OlderUserRow;
    type Finder = ();

    fn kind(&self) -> Kind {
        &OlderUserFiles
    }

    fn finder(&self) {}

    fn read(source: &Source, mut each: impl FnMut(Read<OlderUserRow>) -> bool) -> Result<(), Vec<Fault>> {
        let unopened = |error| vec![Fault::new(0, "", format!("ファイルを開けません: {error}"))];
        let file = source.open().map_err(unopened)?;
        let _all = OlderUsersCsv::open(file)?.all(|mut row| {
            let notices = row.as_mut().map(|row| std::mem::take(&mut row.notices)).unwrap_or_default();
            notices.into_iter().map(Read::Notice).chain([row.into()]).all(&mut each)
        });
        Ok(())
    }

    async fn check(
        &mut self,
        tx: &mut Tx,
        records: Vec<OlderUserRow>,
        (): (),
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let wanted = self.all_wanted(tx, records, faults).await?;
        let mut taken = std::mem::take(&mut self.checked);
        self.known(tx, &wanted, &mut taken).await?;
        // Ids that are no account's.
        let (_, accepted) = self.judged(&wanted, -1, &mut taken, faults);
        self.checked = taken;
        Ok(Applied { accepted, ..Applied::default() })
    }

    async fn apply(
        &mut self,
        tx: &mut Tx,
        batch_id: i64,
        records: Vec<OlderUserRow>,
        (): (),
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let wanted = self.all_wanted(tx, records, faults).await?;
        let mut taken = ExistingAccounts::default();
        self.known(tx, &wanted, &mut taken).await?;
        let first_id = ids_take(tx, &self.scope, "account", i64::try_from(wanted.len())?).await?;
        let (fresh, accepted) = self.judged(&wanted, first_id, &mut taken, faults);
        let fresh: Vec<_> = fresh.into_iter().map(|(row, id)| self.account(row, id, batch_id)).collect();
        accounts::accounts_insert(tx, &self.scope, &fresh, self.now).await?;
        Ok(Applied { accepted, ..Applied::default() })
    }

    fn details(&self) -> Vec<(&'static str, i64)> {
        vec![
            ("had logged in", self.active),
            ("never logged in", self.idle),
            ("without an address", self.without_address),
            ("unchanged", self.unchanged),
        ]
    }
}

fn row_key(row: &OlderUserRow) -> String {
    holder_key(row.insurer_number.as_str(), &row.symbol, &row.number)
}

impl OlderUsers {
    /// Returns the rows that are valid by themselves, each with its person.
    async fn all_wanted(
        &self,
        tx: &mut Tx,
        records: Vec<OlderUserRow>,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Vec<ValidRow>> {
        let mut keys: Vec<_> = records.iter().map(row_key).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut insured: HashMap<String, Vec<Coverage>> = HashMap::new();
        for coverage in candidates(tx, &self.scope, &keys).await?.into_iter().filter(|coverage| coverage.insured) {
            insured.entry(coverage.holder_key.clone()).or_default().push(coverage);
        }
        Ok(records.into_iter().filter_map(|row| self.wanted(row, &insured, faults)).collect())
    }

    /// Adds the accounts that the rows could collide with.
    async fn known(&self, tx: &mut Tx, wanted: &[ValidRow], taken: &mut ExistingAccounts) -> anyhow::Result<()> {
        let user_ids: Vec<_> = wanted.iter().map(|row| row.user_id.as_str()).collect();
        let members: Vec<_> = wanted.iter().map(|row| row.member_id).collect();
        let emails: Vec<_> = wanted.iter().filter_map(|row| row.email.as_deref()).collect();
        let known = queries::known(tx, &self.scope, (&user_ids, &members, &emails)).await?;
        known.into_iter().for_each(|account| taken.put(account));
        Ok(())
    }

    /// Returns the rows that need an account, each with its id, and the number of rows that are accepted.
    fn judged<'w>(
        &mut self,
        wanted: &'w [ValidRow],
        first_id: i64,
        taken: &mut ExistingAccounts,
        faults: &mut Vec<ChunkFault>,
    ) -> (Vec<(&'w ValidRow, i64)>, i64) {
        let (mut fresh, mut accepted) = (Vec::with_capacity(wanted.len()), 0);
        for (row, account_id) in wanted.iter().zip(first_id..) {
            match taken.judge(row) {
                RowDecision::New => {
                    taken.put(ExistingAccount {
                        member_id: row.member_id,
                        user_id: row.user_id.clone(),
                        email: row.email.clone(),
                        state: "temporary".to_owned(),
                        origin: row.origin.to_owned(),
                    });
                    fresh.push((row, account_id));
                    self.count(row);
                }
                RowDecision::Same => self.unchanged += 1,
                RowDecision::Wrong(wrong) => {
                    let place = (row.line, row.numbers.as_str());
                    faults
                        .extend(wrong.into_iter().map(|(column, why)| fault(FaultKind::Rejected, place, column, why)));
                    continue;
                }
            }
            accepted += 1;
        }
        (fresh, accepted)
    }

    /// Checks a row by itself and against the register; reports all its mistakes.
    fn wanted(
        &self,
        row: OlderUserRow,
        insured: &HashMap<String, Vec<Coverage>>,
        faults: &mut Vec<ChunkFault>,
    ) -> Option<ValidRow> {
        let before = faults.len();
        let numbers = format!("{}-{}", row.symbol, row.number);
        let place = (row.line, numbers.as_str());
        let mut reject = |column: &str, reason: String| faults.push(fault(FaultKind::Rejected, place, column, reason));
        let user_id = rules::user_id(Lang::Ja, &self.scope.society().policy, &row.user_id);
        let user_id = user_id.map_err(|why| reject("ユーザID", why)).ok();
        let email = row.email.as_deref().map(|typed| rules::email(Lang::Ja, typed)).transpose();
        let email = email.map_err(|why| reject("メールアドレス", why.concat())).ok().flatten();
        let own = self.insurer_numbers.iter().any(|own| own == row.insurer_number.as_str());
        if !own {
            let number = row.insurer_number.as_str();
            reject("保険者番号", format!("保険者番号 {number} は、この組合のものではありません。"));
        }
        if faults.len() > before {
            return None;
        }
        let under = insured.get(&row_key(&row)).map(Vec::as_slice).unwrap_or_default();
        let branch =
            |person: &&Coverage| row.branch.is_none() || person.branch.is_none() || person.branch == row.branch;
        // A reused number belongs to its present holder, else to its last one.
        let covered = |person: &Coverage| person.from <= self.today && person.to.is_none_or(|to| to > self.today);
        let Some(person) = under.iter().filter(branch).max_by_key(|person| (covered(person), person.from)) else {
            let (column, reason) = if under.is_empty() {
                ("番号", "この記号・番号の被保険者は、加入者台帳にいません。")
            } else {
                ("枝番", "この枝番の被保険者は、加入者台帳にいません。")
            };
            faults.push(fault(FaultKind::Unmatched, place, column, reason));
            return None;
        };
        let (member_id, household_id) = (person.member_id, person.household_id);
        let origin = if row.logged_in { "was_active" } else { "was_idle" };
        Some(ValidRow { line: row.line, numbers, user_id: user_id?, email, origin, member_id, household_id })
    }

    fn account<'a>(&self, row: &'a ValidRow, account_id: i64, batch_id: i64) -> NewMigratedAccount<'a> {
        NewMigratedAccount {
            account_id,
            member_id: row.member_id,
            household_id: row.household_id,
            user_id: &row.user_id,
            // One of numbers and birth date is hashed after the file is read, when no transaction waits for it.
            password_hash: NO_PASSWORD,
            email: row.email.as_deref(),
            ends_at: self.ends_at,
            origin: row.origin,
            batch_id: Some(batch_id),
            first_way: match self.first_login {
                FirstLogin::Link => "link",
                FirstLogin::NumbersAndBirthDate => "numbers",
            },
        }
    }

    fn count(&mut self, row: &ValidRow) {
        if row.origin == "was_active" {
            self.active += 1;
        } else {
            self.idle += 1;
        }
        self.without_address += i64::from(row.email.is_none());
    }
}

/// The accounts that rows could collide with.
struct ExistingAccounts {
    by_user_id: Newest<String, ()>,
    by_member: Newest<i64, ExistingAccount>,
    by_email: Newest<String, ()>,
}

/// The number of accounts that a check remembers of its file; a collision of rows further apart only the import finds.
const KEPT: usize = 100_000;

impl Default for ExistingAccounts {
    fn default() -> Self {
        Self { by_user_id: Newest::new(KEPT), by_member: Newest::new(KEPT), by_email: Newest::new(KEPT) }
    }
}

/// The decision about a row.
enum RowDecision {
    New,
    /// An earlier file brought the same.
    Same,
    /// Columns and reasons.
    Wrong(Vec<(&'static str, &'static str)>),
}

impl ExistingAccounts {
    fn put(&mut self, account: ExistingAccount) {
        if let Some(email) = &account.email {
            self.by_email.insert(email.clone(), ());
        }
        self.by_user_id.insert(account.user_id.clone(), ());
        self.by_member.insert(account.member_id, account);
    }

    fn judge(&self, row: &ValidRow) -> RowDecision {
        if let Some(account) = self.by_member.get(&row.member_id) {
            if account.origin == "new" {
                return RowDecision::Wrong(vec![("番号", "この方には、すでに新しいポータルのアカウントがあります。")]);
            }
            // Who is enrolled may have chosen another user ID and address since.
            let same = account.user_id == row.user_id && account.email == row.email && account.origin == row.origin;
            if same || account.state != "temporary" {
                return RowDecision::Same;
            }
            let why = "この方は、別の内容ですでに取り込まれています。改めるには、先の取込を取り下げてください。";
            let column = if account.user_id != row.user_id {
                "ユーザID"
            } else if account.email != row.email {
                "メールアドレス"
            } else {
                "ログイン済み"
            };
            return RowDecision::Wrong(vec![(column, why)]);
        }
        let mut wrong = Vec::new();
        if self.by_user_id.get(&row.user_id).is_some() {
            wrong.push(("ユーザID", "このユーザIDは、別の方のアカウントで使われています。"));
        }
        if row.email.as_ref().is_some_and(|email| self.by_email.get(email).is_some()) {
            wrong.push(("メールアドレス", "このメールアドレスは、別の方のアカウントで使われています。"));
        }
        if wrong.is_empty() { RowDecision::New } else { RowDecision::Wrong(wrong) }
    }
}
