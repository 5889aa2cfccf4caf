//! A queue in which nobody's requests keep everybody else's out.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The subject of a piece of work, by which a [`FairLine`] shares its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Turn {
    /// The society.
    pub society: i64,
    /// The network that the request comes from, or any other number that stands for a source of requests.
    pub network: u64,
    /// The account it is about, existing or not; 0 if it is about none: then no limit for accounts applies.
    pub account: u64,
}

/// The line is full: answer 503 with Retry-After.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests are waiting")]
pub struct Full;

/// A limit of concurrent work, with a bounded queue that is shared fairly.
///
/// The societies that wait are served in turn, within a society its networks, within a network first come, first served.
/// Where the line is full a newcomer takes the place of the last one who waits for the society with the most places, or in the same
/// society for the network with the most, if that has more than the newcomer's; else the newcomer is refused. An account has
/// only so many places. So one account, one network or one society that floods the line lengthens its own wait.
///
/// A line may have extra places ([`FairLine::with_extra`]): a society with no work under way takes one at once where the others are
/// taken, so that another society's flood does not make it wait at all.
///
/// Jobs wait beside the line, however many ([`FairLine::enter_patiently`]): they work when nobody else waits, and every eighth
/// time in any case.
#[derive(Clone, Debug)]
pub struct FairLine {
    state: Arc<Mutex<State>>,
}

/// A permit to work, given back when dropped.
#[derive(Debug)]
pub struct Place {
    line: FairLine,
    /// The society whose work it is; none for a job.
    society: Option<i64>,
    is_first: bool,
}

impl Place {
    /// Returns whether the society had no other work under way when it got this place. Never true for a job.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.is_first
    }
}

#[derive(Debug)]
struct State {
    /// The limit of concurrent work.
    permits: usize,
    /// The number of extra places, each for a society with no work under way.
    extra: usize,
    /// The amount of work under way.
    working: usize,
    /// The same for each society that has any.
    of_society: HashMap<i64, usize>,
    /// The limit of waiting requests.
    limit: usize,
    /// The limit of waiting requests for one account.
    of_account: usize,
    waiting: usize,
    /// The waiting requests; the society whose turn it is stands first.
    societies: VecDeque<Society>,
    accounts: HashMap<(i64, u64), usize>,
    /// Jobs, which wait beside the line.
    jobs: VecDeque<Ticket>,
    /// The number of calls since the last job.
    since_job: usize,
}

/// After this many other calls, a job is called next.
const JOB_EACH: usize = 8;

#[derive(Debug)]
struct Society {
    society: i64,
    waiting: usize,
    /// The network whose turn it is stands first.
    networks: VecDeque<Network>,
}

#[derive(Debug)]
struct Network {
    network: u64,
    tickets: VecDeque<Ticket>,
}

#[derive(Debug)]
struct Ticket {
    /// None for a job.
    society: Option<i64>,
    account: u64,
    /// Sends whether the place is the society's first; dropped if somebody else gets the place.
    call: oneshot::Sender<bool>,
}

impl FairLine {
    /// Returns a line in which `permits` (at least 1) work at once and `limit` may wait, `of_account` of them for one account.
    #[must_use]
    pub fn new(permits: usize, limit: usize, of_account: usize) -> Self {
        let state = State {
            permits: permits.max(1),
            extra: 0,
            working: 0,
            of_society: HashMap::new(),
            limit,
            of_account,
            waiting: 0,
            societies: VecDeque::new(),
            accounts: HashMap::new(),
            jobs: VecDeque::new(),
            since_job: 0,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Returns the line with so many extra places for societies that have no work under way.
    #[must_use]
    pub fn with_extra(self, extra: usize) -> Self {
        self.state().extra = extra;
        self
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// [`Full`], at once or after some waiting, if there is none for this turn.
    pub async fn enter(&self, turn: Turn) -> Result<Place, Full> {
        let called = {
            let mut state = self.state();
            if state.has_room(turn.society) {
                let is_first = state.begin(Some(turn.society));
                return Ok(self.place(Some(turn.society), is_first));
            }
            state.join(turn)?
        };
        let waiting = Waiting { line: self, society: Some(turn.society), called };
        waiting.place().await
    }

    /// Waits for a place as a job does: for as long as it takes.
    ///
    /// # Errors
    /// [`Full`] if the program is stopping.
    pub async fn enter_patiently(&self) -> Result<Place, Full> {
        let called = {
            let mut state = self.state();
            if state.working < state.permits {
                let is_first = state.begin(None);
                return Ok(self.place(None, is_first));
            }
            let (call, called) = oneshot::channel();
            state.jobs.push_back(Ticket { society: None, account: 0, call });
            called
        };
        let waiting = Waiting { line: self, society: None, called };
        waiting.place().await
    }

    /// Returns the number of waiting requests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state().waiting
    }

    fn place(&self, society: Option<i64>, is_first: bool) -> Place {
        Place { line: self.clone(), society, is_first }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.line.state();
        state.end(self.society);
        while state.working < state.permits {
            let Some(ticket) = state.next() else { return };
            let is_first = state.begin(ticket.society);
            // The one who was called has the place now, unless they have gone.
            if ticket.call.send(is_first).is_err() {
                state.end(ticket.society);
            }
        }
    }
}

/// A request that waits to be called, and may be dropped before or just after that.
struct Waiting<'l> {
    line: &'l FairLine,
    society: Option<i64>,
    called: oneshot::Receiver<bool>,
}

impl Waiting<'_> {
    async fn place(mut self) -> Result<Place, Full> {
        match (&mut self.called).await {
            Ok(is_first) => Ok(self.line.place(self.society, is_first)),
            Err(_) => Err(Full),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.called.close();
        // Called, but gone before the place was taken: it goes on to the next.
        if let Ok(is_first) = self.called.try_recv() {
            drop(self.line.place(self.society, is_first));
        }
    }
}

impl State {
    fn has_room(&self, society: i64) -> bool {
        self.working < self.permits
            || (self.working < self.permits + self.extra && !self.of_society.contains_key(&society))
    }

    /// Counts a piece of work that begins, and returns whether it is its society's only one.
    fn begin(&mut self, society: Option<i64>) -> bool {
        self.working += 1;
        let Some(society) = society else { return false };
        let of_society = self.of_society.entry(society).or_default();
        *of_society += 1;
        *of_society == 1
    }

    /// Counts a piece of work that has ended.
    fn end(&mut self, society: Option<i64>) {
        self.working -= 1;
        let Some(society) = society else { return };
        if let Some(of_society) = self.of_society.get_mut(&society) {
            *of_society -= 1;
            if *of_society == 0 {
                self.of_society.remove(&society);
            }
        }
    }

    /// Takes the newcomer into the line.
    fn join(&mut self, turn: Turn) -> Result<oneshot::Receiver<bool>, Full> {
        if self.waiting >= self.limit {
            self.forget_gone();
        }
        let of_account = self.accounts.get(&(turn.society, turn.account)).copied().unwrap_or_default();
        if turn.account != 0 && of_account >= self.of_account {
            return Err(Full);
        }
        if self.waiting >= self.limit {
            self.make_room(turn)?;
        }
        let (call, called) = oneshot::channel();
        let society = match self.societies.iter().position(|society| society.society == turn.society) {
            Some(at) => at,
            None => {
                self.societies.push_back(Society { society: turn.society, waiting: 0, networks: VecDeque::new() });
                self.societies.len() - 1
            }
        };
        if let Some(society) = self.societies.get_mut(society) {
            society.waiting += 1;
            let ticket = Ticket { society: Some(turn.society), account: turn.account, call };
            match society.networks.iter_mut().find(|network| network.network == turn.network) {
                Some(network) => network.tickets.push_back(ticket),
                None => society.networks.push_back(Network { network: turn.network, tickets: [ticket].into() }),
            }
        }
        self.waiting += 1;
        *self.accounts.entry((turn.society, turn.account)).or_default() += 1;
        Ok(called)
    }

    /// Refuses a waiting request, so that the newcomer has a place.
    fn make_room(&mut self, turn: Turn) -> Result<(), Full> {
        let own = self.societies.iter().find(|society| society.society == turn.society);
        let own_waiting = own.map_or(0, |society| society.waiting);
        let most = self.societies.iter().enumerate().max_by_key(|(_, society)| society.waiting).ok_or(Full)?;
        let at = if most.1.waiting > own_waiting + 1 {
            most.0
        } else {
            // In the newcomer's own society, another network may have more than its share.
            let of_network = own.and_then(|own| own.networks.iter().find(|network| network.network == turn.network));
            let of_network = of_network.map_or(0, |network| network.tickets.len());
            let most = own.and_then(|own| own.networks.iter().map(|network| network.tickets.len()).max()).unwrap_or(0);
            if most <= of_network + 1 {
                return Err(Full);
            }
            self.societies.iter().position(|society| society.society == turn.society).ok_or(Full)?
        };
        let society = self.societies.get_mut(at).ok_or(Full)?;
        let network = society.networks.iter_mut().max_by_key(|network| network.tickets.len()).ok_or(Full)?;
        let refused = network.tickets.pop_back().ok_or(Full)?;
        society.waiting -= 1;
        society.networks.retain(|network| !network.tickets.is_empty());
        let society_id = society.society;
        self.societies.retain(|society| society.waiting > 0);
        self.left(society_id, refused.account);
        Ok(())
    }

    /// Returns the request whose turn it is.
    fn next(&mut self) -> Option<Ticket> {
        if (self.societies.is_empty() || self.since_job >= JOB_EACH)
            && let Some(job) = self.jobs.pop_front()
        {
            self.since_job = 0;
            return Some(job);
        }
        self.since_job += 1;
        let mut society = self.societies.pop_front()?;
        let mut network = society.networks.pop_front()?;
        let ticket = network.tickets.pop_front()?;
        if !network.tickets.is_empty() {
            society.networks.push_back(network);
        }
        society.waiting -= 1;
        self.left(society.society, ticket.account);
        if society.waiting > 0 {
            self.societies.push_back(society);
        }
        Some(ticket)
    }

    /// Counts one waiting request less.
    fn left(&mut self, society: i64, account: u64) {
        self.waiting -= 1;
        if let Some(waiting) = self.accounts.get_mut(&(society, account)) {
            *waiting -= 1;
            if *waiting == 0 {
                self.accounts.remove(&(society, account));
            }
        }
    }

    /// Removes the dropped requests from the queue.
    fn forget_gone(&mut self) {
        let mut gone = Vec::new();
        for society in &mut self.societies {
            for network in &mut society.networks {
                network.tickets.retain(|ticket| {
                    if ticket.call.is_closed() {
                        gone.push((society.society, ticket.account));
                    }
                    !ticket.call.is_closed()
                });
            }
            society.networks.retain(|network| !network.tickets.is_empty());
            society.waiting = society.networks.iter().map(|network| network.tickets.len()).sum();
        }
        self.societies.retain(|society| society.waiting > 0);
        gone.into_iter().for_each(|(society, account)| self.left(society, account));
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use proptest::prelude::*;

    use super::*;

    type Entering<'l> = Pin<Box<dyn Future<Output = Result<Place, Full>> + 'l>>;

    fn turn(society: i64, network: u64, account: u64) -> Turn {
        Turn { society, network, account }
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Returns a request that waits in the queue.
    fn waits<'l>(line: &'l FairLine, turn: Turn) -> Entering<'l> {
        let mut entering: Entering<'l> = Box::pin(line.enter(turn));
        assert!(entering.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        entering
    }

    fn now(line: &FairLine, turn: Turn) -> Result<Place, Full> {
        match poll(pin!(line.enter(turn))) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("it waits"),
        }
    }

    fn outcome(entering: &mut Entering<'_>) -> Poll<Result<Place, Full>> {
        entering.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn societies_and_networks_take_turns() {
        let line = FairLine::new(1, 10, 10);
        let mut place = now(&line, turn(1, 1, 1)).ok();
        let mut waiting: Vec<_> = [(1, 1), (1, 1), (1, 2), (2, 1), (2, 1)]
            .map(|(society, network)| waits(&line, turn(society, network, 0)))
            .into();
        let mut order = Vec::new();
        while order.len() < waiting.len() {
            drop(place.take());
            for (at, entering) in waiting.iter_mut().enumerate() {
                if order.contains(&at) {
                    continue;
                }
                if let Poll::Ready(Ok(called)) = outcome(entering) {
                    order.push(at);
                    place = Some(called);
                }
            }
        }
        assert_eq!(order, [0, 3, 2, 4, 1]);
    }

    #[test]
    fn a_flood_refuses_itself() {
        let line = FairLine::new(1, 4, 10);
        let _place = now(&line, turn(1, 1, 1)).unwrap();
        let mut flood: Vec<_> = (0..4).map(|_| waits(&line, turn(1, 1, 0))).collect();
        assert_eq!(now(&line, turn(1, 1, 0)).unwrap_err(), Full);
        let mut other = waits(&line, turn(2, 1, 0));
        assert!(matches!(outcome(&mut flood[3]), Poll::Ready(Err(Full))), "the last of the flood makes room");
        let mut neighbour = waits(&line, turn(1, 2, 0));
        assert!(
            matches!(outcome(&mut flood[2]), Poll::Ready(Err(Full))),
            "another network of the society has a share, too"
        );
        assert!(outcome(&mut other).is_pending() && outcome(&mut neighbour).is_pending());
        assert_eq!(line.waiting(), 4);
    }

    #[test]
    fn a_society_with_nothing_under_way_takes_an_extra_place() {
        let line = FairLine::new(1, 4, 10).with_extra(1);
        let flood = now(&line, turn(1, 1, 1)).unwrap();
        let mut next_of_flood = waits(&line, turn(1, 2, 2));
        let other = now(&line, turn(2, 1, 1)).unwrap();
        assert!(flood.is_first() && other.is_first());
        let mut second_of_other = waits(&line, turn(2, 1, 2));
        let mut third = waits(&line, turn(3, 1, 1));
        drop(other);
        assert!(outcome(&mut next_of_flood).is_pending(), "an extra place is not passed on");
        let _again = now(&line, turn(2, 1, 1)).unwrap();
        drop(flood);
        assert!(outcome(&mut next_of_flood).is_pending(), "two work, as many as the extra place allows");
        drop(_again);
        let Poll::Ready(Ok(place)) = outcome(&mut next_of_flood) else { panic!("its turn") };
        assert!(place.is_first());
        assert!(outcome(&mut second_of_other).is_pending() && outcome(&mut third).is_pending());
    }

    #[test]
    fn jobs_wait_beside_the_line_and_are_not_forgotten() {
        let line = FairLine::new(1, 20, 20);
        let mut place = now(&line, turn(1, 1, 1)).ok();
        let mut job: Entering<'_> = Box::pin(line.enter_patiently());
        assert!(outcome(&mut job).is_pending());
        let mut members: Vec<_> = (0..12).map(|_| waits(&line, turn(1, 1, 0))).collect();
        let mut before = 0;
        loop {
            drop(place.take());
            if let Poll::Ready(Ok(_place)) = outcome(&mut job) {
                break;
            }
            let Poll::Ready(Ok(next)) = outcome(&mut members[before]) else { panic!("the next member's turn") };
            place = Some(next);
            before += 1;
        }
        assert_eq!(before, JOB_EACH);
    }

    #[test]
    fn an_account_has_only_so_many_places() {
        let line = FairLine::new(1, 10, 2);
        let _place = now(&line, turn(1, 1, 7)).unwrap();
        let waiting = [waits(&line, turn(1, 1, 7)), waits(&line, turn(1, 2, 7))];
        assert_eq!(now(&line, turn(1, 3, 7)).unwrap_err(), Full);
        drop((waits(&line, turn(1, 3, 8)), waits(&line, turn(2, 3, 7))));
        drop(waiting);
    }

    #[test]
    fn who_goes_away_gives_the_place_on() {
        let line = FairLine::new(1, 2, 10);
        let place = now(&line, turn(1, 1, 1)).unwrap();
        let gone = waits(&line, turn(1, 1, 1));
        let called_and_gone = waits(&line, turn(1, 1, 1));
        drop(gone);
        let mut third = waits(&line, turn(1, 1, 1));
        drop(place);
        drop(called_and_gone);
        let Poll::Ready(Ok(place)) = outcome(&mut third) else { panic!("nobody stands before the third") };
        drop(place);
        drop(now(&line, turn(1, 1, 1)).unwrap());
        assert_eq!(line.waiting(), 0);
    }

    proptest! {
        /// For any order of entering, leaving and dropping: no place is lost and none is given twice.
        #[test]
        fn no_place_is_lost(acts in proptest::collection::vec((0_u8..4, 0_i64..3, 0_u64..3, 0_u64..4), 0..200)) {
            let line = FairLine::new(2, 5, 3).with_extra(1);
            let mut waiting: Vec<Entering<'_>> = Vec::new();
            let mut places = Vec::new();
            for (act, society, network, account) in acts {
                match act {
                    0 | 1 => waiting.push(Box::pin(line.enter(turn(society, network, account)))),
                    2 => drop(places.pop()),
                    _ => drop(waiting.pop()),
                }
                // Twice: a newcomer may have taken the place of one who was asked before.
                for _ in 0..2 {
                    let mut still = Vec::new();
                    for mut entering in waiting {
                        match outcome(&mut entering) {
                            Poll::Ready(Ok(place)) => places.push(place),
                            Poll::Ready(Err(Full)) => {}
                            Poll::Pending => still.push(entering),
                        }
                    }
                    waiting = still;
                }
                prop_assert!(places.len() <= 3 && waiting.len() <= 5);
                prop_assert!(waiting.is_empty() || places.len() >= 2);
            }
            drop(waiting);
            drop(places);
            let (_one, _two) = (now(&line, turn(0, 0, 0)), now(&line, turn(0, 0, 0)));
            let state = line.state();
            prop_assert_eq!((state.working, state.waiting, state.accounts.len(), state.societies.len()), (2, 0, 0, 0));
            prop_assert_eq!(state.of_society.get(&0), Some(&2));
        }
    }
}
