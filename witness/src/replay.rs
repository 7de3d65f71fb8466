//! The log, replayed decision by decision.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use engine::{
    Answer, Call, Command, Decision, Event, ManusId, Record, Refusal, RequestId, Seq, Settings, State, TimeMs,
};

use crate::queue::Queue;
use crate::{Heard, Says, around, order};

/// What a replay came to.
#[derive(Debug)]
pub struct Verdict {
    /// The state at the end of the log.
    pub state: State,
    /// How many of the calls of which no answer came had been carried out.
    pub settled: usize,
    /// How many decisions were the server's own.
    pub own: usize,
    /// How many claims were queued, of which the answer was told later.
    pub queued: usize,
}

/// Replays a log from its beginning, and holds every answer and the order of all of them against it. An error says what is wrong,
/// and what was going on there.
pub fn judge<H: Heard>(settings: Settings, log: &[Record], heard: &[H]) -> Result<Verdict, String> {
    order::check(heard)?;
    let mut told = BTreeMap::<Seq, Vec<&H>>::new();
    for one in heard {
        if let Some(seq) = one.seq() {
            told.entry(seq).or_default().push(one);
        }
    }
    told.values_mut().for_each(|at_once| at_once.sort_by_key(|one| one.span().0));
    let mut later: Vec<(&H, Range<Seq>)> =
        order::unknown(heard).into_iter().map(|(place, window)| (&heard[place], window)).collect();
    later.sort_by_key(|(_, window)| Reverse(window.start));
    let twins =
        heard.iter().filter(|one| one.seq().is_none()).filter_map(name).map(|name| (name, None)).collect();
    let told_later =
        heard.iter().filter(|one| one.seq().is_some()).filter_map(|one| Some((name(one)?, one))).collect();
    let verdict = Verdict { state: State::new(settings), settled: 0, own: 0, queued: 0 };
    let queue = Queue::of(heard);
    let mut replay = Replay { log, told, later, unknown: Vec::new(), queue, twins, told_later, verdict };
    let mut at = 0;
    match replay.run(&mut at) {
        Ok(()) => Ok(replay.verdict),
        Err(why) => Err(format!("{why}\n{}", around::describe(at, log, heard))),
    }
}

struct Replay<'a, H> {
    log: &'a [Record],
    /// Answers by the position that they had seen, in the order of asking; those at hand are taken out.
    told: BTreeMap<Seq, Vec<&'a H>>,
    /// Calls without an answer that cannot have been carried out yet, the last of them first.
    later: Vec<(&'a H, Range<Seq>)>,
    /// Calls without an answer that may be carried out next, each with the position by which its fate was settled.
    unknown: Vec<(&'a H, Seq)>,
    /// Those who were ready to wait.
    queue: Queue<'a, H>,
    /// The names of calls of which one had no answer. It may have been carried out without any event, and is remembered then: with
    /// the answer that the first one got who asked again.
    twins: BTreeMap<Name, Option<Arc<Answer>>>,
    /// Calls with an answer, by name: what an unknown call of that name came to, if it was carried out.
    told_later: BTreeMap<Name, &'a H>,
    verdict: Verdict,
}

/// Under which a call's first answer is remembered.
type Name = (Option<ManusId>, RequestId);

fn name<H: Heard>(one: &H) -> Option<Name> {
    let call = one.call()?;
    Some((call.command.actor().cloned(), call.request.as_ref()?.id.clone()))
}

type Decided = Result<Decision, Refusal>;

impl<'a, H: Heard> Replay<'a, H> {
    /// Goes through the whole log. Leaves behind at which event something was wrong.
    fn run(&mut self, at: &mut Seq) -> Result<(), String> {
        self.look_around(None)?;
        while let Some(record) = self.log.get(self.place()) {
            *at = self.seq() + 1;
            if record.seq != *at {
                return Err(format!("instead of event {at}, the log goes on with {record:?}"));
            }
            let maker = self.decide_next(record)?;
            self.look_around(maker)?;
        }
        match self.told.first_key_value() {
            None => Ok(()),
            Some((seq, lost)) => {
                *at = *seq;
                Err(format!("acknowledged at {seq}, and the log has no such event: {:?}", lost[0]))
            }
        }
    }

    fn seq(&self) -> Seq {
        self.verdict.state.seq()
    }

    /// Where in the log the next event is.
    fn place(&self) -> usize {
        usize::try_from(self.seq()).unwrap_or(usize::MAX)
    }

    /// Makes the decision to which the next event belongs. Answers whose it was, if it was told.
    fn decide_next(&mut self, record: &Record) -> Result<Option<&'a H>, String> {
        if let Some(command) = self.own_first(record) {
            return self.decide_own(command, record.at_ms).map(|()| None);
        }
        let begin = self.seq();
        if self.has_queued(begin, record.at_ms) {
            return Ok(None);
        }
        let at_hand = self.told.range(begin + 1..).next().map(|(_, at_once)| at_once.clone());
        let mut told: Vec<&'a H> =
            at_hand.into_iter().flatten().filter(|one| one.may_have_changed_something()).collect();
        told.retain(|one| is_by(*one, record));
        while let Some((one, window)) = self.later.pop_if(|(_, window)| window.start <= begin) {
            self.unknown.push((one, window.end));
        }
        self.unknown.retain(|(_, by)| *by > begin);
        let mut unknown: Vec<&'a H> =
            self.unknown.iter().map(|(one, _)| *one).filter(|one| is_by(*one, record)).collect();
        if unknown.len() > 1 {
            unknown.sort_by_cached_key(|one| self.doubt(*one, record.at_ms));
        }
        let candidates: Vec<(&'a H, bool)> = told
            .into_iter()
            .map(|one| (one, true))
            .chain(unknown.into_iter().map(|one| (one, false)))
            .collect();
        let mut misfits = Vec::new();
        for (one, is_told) in &candidates {
            // Mostly there is no doubt whose it was, and no need to try it.
            if candidates.len() > 1 {
                let tried = self.verdict.state.rehearse(record.at_ms, asked(*one));
                if let Err(why) = self.matches(begin, &tried) {
                    misfits.push(format!("{one:?}: {why}"));
                    continue;
                }
            }
            let decided = self.verdict.state.decide(record.at_ms, asked(*one));
            if let Err(why) = self.matches(begin, &decided) {
                misfits.push(format!("{one:?}: {why}"));
                break;
            }
            if *is_told {
                one.compare(&Says::Decided(&decided)).map_err(|why| format!("{one:?}: {why}"))?;
                return Ok(Some(one));
            }
            self.unknown.retain(|(other, _)| !std::ptr::eq(*other, *one));
            // From here on it is remembered with what came of it.
            name(*one).map(|name| self.twins.remove(&name));
            self.verdict.settled += 1;
            return Ok(None);
        }
        Err(format!("nobody asked for {record:?}; considered: {misfits:#?}"))
    }

    /// Decides a claim of somebody who is not answered yet, if it is one that was queued here.
    fn has_queued(&mut self, begin: Seq, at_ms: TimeMs) -> bool {
        let calls = self.queue.next(begin, &self.log[self.place()..]);
        for call in calls {
            let tried = self.verdict.state.rehearse(at_ms, &call);
            if self.matches(begin, &tried).is_ok() {
                let _ = self.verdict.state.decide(at_ms, &call);
                self.verdict.queued += 1;
                return true;
            }
        }
        false
    }

    /// How unlikely it is that a call without an answer was carried out now: of several that ask for the same, one may have been asked
    /// again under its name, and what was told then shows which it was.
    fn doubt(&mut self, one: &H, at_ms: TimeMs) -> u8 {
        let Some(told) = name(one).and_then(|name| self.told_later.get(&name).copied()) else {
            return 1;
        };
        let decided = self.verdict.state.rehearse(at_ms, asked(one));
        if told.compare(&Says::Decided(&decided)).is_ok() { 0 } else { 2 }
    }

    /// What the server decides by itself before it looks at calls.
    fn own_first(&self, record: &Record) -> Option<Command> {
        if record.by.is_some() {
            return None;
        }
        if record.event == (Event::ServerStarted {}) {
            return Some(Command::ServerStarted);
        }
        // Signs of life first bring back whoever was lost.
        let revived = |record: &&Record| matches!(record.event, Event::ManusRevived { .. });
        let next = self.log[self.place()..].iter().find(|record| !revived(record))?;
        if let (Event::HeartbeatsSeen { beats }, None, true) =
            (&next.event, &next.by, next.at_ms == record.at_ms)
        {
            return Some(Command::NoteBeats { beats: beats.clone() });
        }
        if self.verdict.state.next_deadline().is_some_and(|at| at <= record.at_ms) {
            return Some(Command::Tick);
        }
        // Whoever submits a plan is told nothing that depends on it, so it need not be told from the server's own.
        let Event::TasksPlanned { steps, ended } = &record.event else { return None };
        Some(Command::AdoptPlan { steps: steps.clone(), ended: ended.clone() })
    }

    fn decide_own(&mut self, command: Command, at_ms: TimeMs) -> Result<(), String> {
        let begin = self.seq();
        let decided = self.verdict.state.decide(at_ms, &Call::from(command.clone()));
        self.verdict.own += 1;
        self.matches(begin, &decided).map_err(|why| format!("the server's own {command:?}: {why}"))
    }

    /// Whether a decision is what the log has after this position: all of it, and something.
    fn matches(&self, begin: Seq, decided: &Decided) -> Result<(), String> {
        let events = match decided {
            Ok(decision) if decision.events.is_empty() => return Err("nothing follows from it".to_owned()),
            Ok(decision) => &decision.events,
            Err(refusal) => return Err(format!("it would be refused: {refusal}")),
        };
        let from = usize::try_from(begin).unwrap_or(usize::MAX);
        for (place, event) in events.iter().enumerate() {
            match self.log.get(from + place) {
                Some(logged) if logged == event => {}
                logged => return Err(format!("it should go on with {event:?}, and the log has {logged:?}")),
            }
        }
        Ok(())
    }

    /// A call under a name under which one before had no answer.
    fn look_at_twin(&mut self, one: &H) -> Result<(), String> {
        let (Some(name), Some(call)) = (name(one), one.call()) else { return Ok(()) };
        let remembered = |answer: Arc<Answer>| Ok(Decision { events: Vec::new(), answer, remembered: None });
        if let Some(Some(first)) = self.twins.get(&name) {
            return one.compare(&Says::Decided(&remembered(first.clone())));
        }
        let at_ms = self.verdict.state.at_ms();
        let decided = self.verdict.state.rehearse(at_ms, asked(one));
        let changes_something = decided.as_ref().is_ok_and(|decision| !decision.events.is_empty());
        if !changes_something && one.compare(&Says::Decided(&decided)).is_ok() {
            // So that it is remembered.
            let _ = self.verdict.state.decide(at_ms, asked(one));
            return Ok(());
        }
        match one.answer() {
            Some(answer) if is_idle(&call.command, &answer) => {
                self.twins.insert(name, Some(answer));
                Ok(())
            }
            _ => Err(format!(
                "neither is that what comes of it now, {decided:?}, nor an answer to a call that did nothing"
            )),
        }
    }

    /// Everybody who was told something as of here: what they were told must be what there is.
    fn look_around(&mut self, maker: Option<&'a H>) -> Result<(), String> {
        let here = self.seq();
        if let Some((seq, told)) = self.told.range(..here).next() {
            return Err(format!(
                "somebody saw the log up to {seq}, in the middle of a decision: {:?}",
                told[0]
            ));
        }
        for one in self.told.remove(&here).unwrap_or_default() {
            if maker.is_some_and(|maker| std::ptr::eq(maker, one)) {
                continue;
            }
            if name(one).is_some_and(|name| self.twins.contains_key(&name)) {
                self.look_at_twin(one).map_err(|why| format!("at {here}, {one:?}: {why}"))?;
                continue;
            }
            let compared = if one.call().is_some() {
                let at_ms = self.verdict.state.at_ms();
                let decided = self.verdict.state.decide(at_ms, asked(one));
                if self.seq() != here {
                    return Err(format!("told as if nothing had come of it, and something would: {one:?}"));
                }
                one.compare(&Says::Decided(&decided))
            } else {
                one.compare(&Says::State(&self.verdict.state))
            };
            compared.map_err(|why| format!("at {here}, {one:?}: {why}"))?;
        }
        Ok(())
    }
}

/// Whether this answers a call of which nothing follows. What only the state of that moment can tell is taken on trust.
fn is_idle(command: &Command, answer: &Answer) -> bool {
    match (command, answer) {
        (Command::NextTask { .. }, Answer::Started { task, .. }) => task.is_none(),
        (Command::TakeMessages { .. }, Answer::Messages(messages)) => messages.is_empty(),
        (Command::AckMessages { .. }, Answer::Acknowledged(count)) => *count == 0,
        (Command::ReleaseFiles { .. }, Answer::Released { released, .. }) => released.is_empty(),
        (Command::AssignTask { .. }, Answer::Task(_)) => true,
        (Command::DrainManus { .. }, Answer::Registered(_)) => true,
        (Command::Heartbeat { .. }, Answer::Beat { .. }) => true,
        (Command::WithdrawClaim { .. } | Command::AdoptPlan { .. }, Answer::Done) => true,
        _ => false,
    }
}

/// Whether a call may be what an event is the first consequence of, as far as can be seen without deciding it.
fn is_by<H: Heard>(one: &H, record: &Record) -> bool {
    let Some(call) = one.call() else { return false };
    let created = match (&call.command, &record.event) {
        (Command::CreateTasks { tasks }, Event::TaskCreated { task, .. }) => {
            tasks.iter().any(|new| new.title == task.title)
        }
        (Command::CreateTasks { .. }, _) => false,
        (_, event) => !matches!(event, Event::TaskCreated { .. }),
    };
    created && call.command.actor() == record.by.as_ref()
}

fn asked<H: Heard>(one: &H) -> &Call {
    match one.call() {
        Some(call) => call,
        None => unreachable!("only calls are decided"),
    }
}
