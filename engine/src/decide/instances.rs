//! Agents come, give signs of life, and go.

use super::{Outcome, Rules};
use crate::answer::Answer;
use crate::command::Command;
use crate::event::{Event, ReleaseCause, ReturnCause};
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::pattern::FilePattern;
use crate::refusal::Refusal;
use crate::state::{Presence, Task};
use crate::values::{InstanceStatus, Progress};

impl Rules<'_> {
    pub(super) fn register(&mut self, command: &Command) -> Outcome {
        let Command::RegisterManus { manus_id, role, capabilities, max_parallel, program, model, takeover } =
            command
        else {
            return Ok(Answer::Done);
        };
        self.check_free(manus_id, *takeover)?;
        if *max_parallel == 0 {
            let reason = "max_parallel is 0; an agent works on at least 1 task at a time".to_owned();
            return Err(Refusal::InvalidArgument { argument: "max_parallel", reason });
        }
        self.emit(Event::ManusRegistered {
            manus_id: manus_id.clone(),
            role: *role,
            capabilities: capabilities.clone(),
            max_parallel: *max_parallel,
            program: program.clone(),
            model: model.clone(),
        });
        self.drop_what_it_cannot(manus_id);
        self.settle();
        let manus = self.state.manus(manus_id);
        manus.map(Answer::Registered).ok_or_else(|| Refusal::ManusNotFound { manus_id: manus_id.clone() })
    }

    /// A successor may be able to do less: what the rules gave to its predecessor's queue and it cannot do is anybody's.
    fn drop_what_it_cannot(&mut self, manus_id: &ManusId) {
        let Some(agent) = self.state.agent(manus_id) else { return };
        let beyond = |task: &&Task| !task.pinned && !agent.can(&task.need);
        let queued = agent.queue().filter_map(|id| self.state.task(id));
        let dropped: Vec<TaskId> = queued.filter(beyond).map(|task| task.spec.id.clone()).collect();
        for task_id in dropped {
            self.emit(Event::TaskUnassigned { task_id, reason: None });
        }
    }

    /// A name can be taken when nobody alive has it, or by the successor of whoever has it.
    fn check_free(&self, manus_id: &ManusId, takeover: bool) -> Result<(), Refusal> {
        if manus_id.is_reserved() {
            let reason =
                format!("{manus_id} does not name an agent where messages are sent; choose another manus_id");
            return Err(Refusal::InvalidArgument { argument: "manus_id", reason });
        }
        match self.state.agent(manus_id) {
            Some(agent) if agent.presence == Presence::Here && !takeover => Err(Refusal::ManusIdTaken {
                manus_id: manus_id.clone(),
                silent_ms: (self.now - agent.last_seen_ms).max(0),
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn heartbeat(
        &mut self,
        manus_id: &ManusId,
        status: Option<InstanceStatus>,
        progress: Option<Progress>,
    ) -> Outcome {
        self.caller(manus_id)?;
        match status {
            Some(InstanceStatus::Lost) => {
                let reason = "status LOST is for others to say; send ACTIVE, IDLE or INACTIVE".to_owned();
                return Err(Refusal::InvalidArgument { argument: "status", reason });
            }
            Some(InstanceStatus::Inactive) => {
                self.leave(manus_id);
            }
            _ => self.declare(manus_id, status, progress),
        }
        self.settle();
        Ok(Answer::Beat {
            unread_messages: self.state.inbox().unread_count(manus_id),
            assigned_tasks: self.state.assigned_tasks(manus_id),
            server_time_ms: self.now,
        })
    }

    /// What an agent says of itself. Progress goes to the task it works on, and there only forward.
    fn declare(&mut self, manus_id: &ManusId, status: Option<InstanceStatus>, progress: Option<Progress>) {
        self.revive(manus_id);
        let Some(agent) = self.state.agent(manus_id) else { return };
        let current = agent.current_task().and_then(|id| self.state.task(id));
        let (current, reached) =
            (current.map(|task| task.spec.id.clone()), current.map(|task| task.progress));
        let of_itself = progress.filter(|_| current.is_none());
        if let (Some(task_id), Some(progress)) =
            (current, progress.filter(|progress| Some(*progress) > reached))
        {
            self.emit(Event::TaskProgressed { task_id, progress, note: None });
        }
        if status.is_some() || of_itself.is_some() {
            self.emit(Event::ManusDeclared { manus_id: manus_id.clone(), status, progress: of_itself });
        }
        if self.events.is_empty() {
            self.emit(Event::HeartbeatsSeen { beats: vec![(manus_id.clone(), self.now)] });
        }
    }

    pub(super) fn note_beats(&mut self, beats: &[(ManusId, TimeMs)]) -> Outcome {
        let known: Vec<_> = beats
            .iter()
            .filter(|(manus, _)| self.caller(manus).is_ok())
            .map(|(m, at)| (m.clone(), *at))
            .collect();
        for (manus, _) in &known {
            self.revive(manus);
        }
        if !known.is_empty() {
            self.emit(Event::HeartbeatsSeen { beats: known });
        }
        self.settle();
        Ok(Answer::Done)
    }

    pub(super) fn deregister(&mut self, manus_id: &ManusId) -> Outcome {
        self.caller(manus_id)?;
        let (released, returned_tasks) = self.leave(manus_id);
        self.settle();
        Ok(Answer::Left { released, returned_tasks })
    }

    /// An agent goes: its files are free at once, its tasks are anybody's again.
    fn leave(&mut self, manus_id: &ManusId) -> (Vec<FilePattern>, Vec<TaskId>) {
        let (files, running, queued) = self.in_hands(manus_id);
        self.emit(Event::ManusLeft { manus_id: manus_id.clone() });
        self.end_waits(manus_id);
        if !files.is_empty() {
            let (manus_id, files) = (manus_id.clone(), files.clone());
            self.emit(Event::LocksReleased { manus_id, files, cause: ReleaseCause::Goodbye });
        }
        self.return_all(&running, &queued, ReturnCause::Goodbye);
        self.pass_on_reviews(manus_id);
        (files, [running, queued].concat())
    }

    /// An agent was silent for too long: its files stay closed for the delay, its tasks are anybody's again.
    pub(super) fn lose(&mut self, manus_id: &ManusId) {
        let (files, running, queued) = self.in_hands(manus_id);
        self.emit(Event::ManusLost { manus_id: manus_id.clone() });
        self.end_waits(manus_id);
        if !files.is_empty() {
            let until_ms = self.now + self.state.settings().lock_delay_ms;
            self.emit(Event::LocksDelayed { manus_id: manus_id.clone(), files, until_ms });
        }
        self.return_all(&running, &queued, ReturnCause::Lost);
        self.pass_on_reviews(manus_id);
        for task_id in running.iter().chain(&queued) {
            self.tell_taken(manus_id, task_id, "you were silent for too long");
        }
    }

    /// An agent finishes what it has begun and gets nothing new; or does again.
    pub(super) fn drain(&mut self, manus_id: &ManusId, draining: bool) -> Outcome {
        let changed = self.caller(manus_id)?.draining != draining;
        if changed {
            self.emit(Event::ManusDraining { manus_id: manus_id.clone(), draining });
            let (_, _, queued) = self.in_hands(manus_id);
            let pinned = |id: &&TaskId| self.state.task(id).is_some_and(|task| task.pinned);
            let dealt: Vec<TaskId> = queued.iter().filter(|id| draining && !pinned(id)).cloned().collect();
            self.return_all(&[], &dealt, ReturnCause::Released);
            dealt.iter().for_each(|task_id| self.tell_taken(manus_id, task_id, "you get nothing new to do"));
            self.to_feed.insert(manus_id.clone());
        }
        self.settle();
        let manus = self.state.manus(manus_id);
        manus.map(Answer::Registered).ok_or_else(|| Refusal::ManusNotFound { manus_id: manus_id.clone() })
    }

    fn in_hands(&self, manus_id: &ManusId) -> (Vec<FilePattern>, Vec<TaskId>, Vec<TaskId>) {
        let Some(agent) = self.state.agent(manus_id) else { return Default::default() };
        let files = self.state.locks().of(manus_id).map(|lock| lock.file_path.clone());
        (files.collect(), agent.running().to_vec(), agent.queue().cloned().collect())
    }

    fn return_all(&mut self, running: &[TaskId], queued: &[TaskId], cause: ReturnCause) {
        for task_id in running {
            self.emit(Event::TaskReturned { task_id: task_id.clone(), cause, reason: None });
        }
        for task_id in queued {
            self.emit(Event::TaskUnassigned { task_id: task_id.clone(), reason: None });
        }
    }
}
