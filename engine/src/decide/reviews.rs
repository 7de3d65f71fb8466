//! Second looks: who reviews what, and what comes of it.

use super::{AWAY, Outcome, Rules};
use crate::event::{AssignCause, Event};
use crate::ids::{ManusId, SUPERVISOR, TaskId};
use crate::json::Json;
use crate::refusal::Refusal;
use crate::state::{Agent, Presence, Stage};
use crate::values::Role;

/// How many reviews without a reviewer are offered when an agent becomes free.
const REVIEWS_OFFERED: usize = 16;
/// How many agents are looked at for a reviewer, the least busy first.
const REVIEWERS_CONSIDERED: usize = 64;

impl Rules<'_> {
    /// A finished task goes to somebody else for a look.
    pub(super) fn ask_for_review(&mut self, task_id: &TaskId, result: Option<&Json>) {
        self.release_task_locks(task_id);
        self.emit(Event::TaskReviewRequested { task_id: task_id.clone(), result: result.cloned() });
        self.find_reviewer(task_id);
    }

    /// Chooses a reviewer that is not the author, a QUALITY_ENHANCER first, and tells it.
    pub(super) fn find_reviewer(&mut self, task_id: &TaskId) {
        let Some(task) = self.state.task(task_id).filter(|task| task.stage == Stage::NeedsReview) else {
            return;
        };
        let author = task.assigned_to.clone();
        let takers = self.state.work.takers.iter().filter_map(|(_, id)| self.state.agent(id));
        let able = takers.filter(|agent| Some(&agent.id) != author.as_ref()).take(REVIEWERS_CONSIDERED);
        let load =
            |agent: &&Agent| (agent.role != Role::QualityEnhancer, agent.reviewing.len(), agent.backlog());
        let reviewer = able.min_by_key(load).map(|agent| agent.id.clone());
        if reviewer == task.course.reviewer {
            return;
        }
        self.emit(Event::TaskReviewerChosen { task_id: task_id.clone(), reviewer: reviewer.clone() });
        if let Some(reviewer) = reviewer {
            let more =
                [("author", author.map_or(Json::Null, Json::text)), ("result", self.result_of(task_id))];
            let content = self.about(task_id, more);
            self.tell(&reviewer, "REVIEW_REQUESTED", content);
        }
    }

    fn result_of(&self, task_id: &TaskId) -> Json {
        self.state.task(task_id).and_then(|task| task.course.result.clone()).unwrap_or_default()
    }

    /// A reviewer that has gone hands its reviews to others.
    pub(super) fn pass_on_reviews(&mut self, manus_id: &ManusId) {
        let reviewing = self.state.agent(manus_id).map(|agent| agent.reviewing.clone()).unwrap_or_default();
        for task_id in reviewing {
            self.emit(Event::TaskReviewerChosen { task_id: task_id.clone(), reviewer: None });
            self.find_reviewer(&task_id);
        }
    }

    /// Reviews that nobody could be found for may find somebody now.
    pub(super) fn offer_reviews(&mut self) {
        let some: Vec<TaskId> = self.state.work.unreviewed.iter().take(REVIEWS_OFFERED).cloned().collect();
        for task_id in some {
            self.find_reviewer(&task_id);
        }
    }

    pub(super) fn review(
        &mut self,
        manus_id: &ManusId,
        task_id: &TaskId,
        approve: bool,
        comment: Option<&str>,
    ) -> Outcome {
        self.check_review(manus_id, task_id)?;
        self.revive(manus_id);
        let author = self.assignee(task_id);
        let asked = self.state.task(task_id).and_then(|task| task.course.reviewer.clone());
        if approve {
            let result = self.state.task(task_id).and_then(|task| task.course.result.clone());
            self.finish(task_id, result);
        } else {
            let comment = comment.map(str::to_owned);
            self.emit(Event::TaskSentBack { task_id: task_id.clone(), reviewer: manus_id.clone(), comment });
            self.score_sent_back(task_id);
            self.keep_if_here(task_id);
        }
        // Whoever was asked learns that somebody else has decided.
        for concerned in author.into_iter().chain(asked.filter(|asked| asked != manus_id)) {
            let verdict = if approve { "approve" } else { "request_changes" };
            let comment = comment.map_or(Json::Null, Json::text);
            let more =
                [("verdict", Json::text(verdict)), ("reviewer", Json::text(manus_id)), ("comment", comment)];
            let content = self.about(task_id, more);
            self.tell(&concerned, "REVIEW_DECIDED", content);
        }
        self.settle();
        self.task_answer(task_id)
    }

    fn check_review(&self, manus_id: &ManusId, task_id: &TaskId) -> Result<(), Refusal> {
        let person = manus_id.as_str() == SUPERVISOR;
        if !person {
            self.caller(manus_id)?;
        }
        let task = self.open_task(task_id)?;
        if task.stage != Stage::NeedsReview {
            return Err(Refusal::NotInReview { task_id: task_id.clone(), status: task.status() });
        }
        let chosen = task.course.reviewer.as_ref().is_none_or(|reviewer| reviewer == manus_id);
        let own = task.assigned_to.as_ref() == Some(manus_id);
        if person || (chosen && !own) {
            return Ok(());
        }
        let reviewer = task.course.reviewer.clone().filter(|_| !own);
        Err(Refusal::NotYourReview { task_id: task_id.clone(), manus_id: manus_id.clone(), reviewer })
    }

    /// A task that stays with its agent becomes anybody's when that agent has gone.
    pub(super) fn keep_if_here(&mut self, task_id: &TaskId) {
        let here = |id: &ManusId| self.state.agent(id).is_some_and(|agent| agent.presence == Presence::Here);
        match self.assignee(task_id) {
            Some(manus) if here(&manus) => {
                self.to_relieve.insert(manus);
            }
            Some(away) => {
                self.emit(Event::TaskUnassigned { task_id: task_id.clone(), reason: None });
                self.tell_taken(&away, task_id, AWAY);
            }
            None => {
                self.to_place.insert(task_id.clone());
            }
        }
    }

    /// Moves a task by the rule to somebody else, for a reason of its own.
    pub(super) fn take_away(&mut self, task_id: &TaskId, from: &ManusId) {
        self.declined.insert((from.clone(), task_id.clone()));
        self.settle();
        match self.assignee(task_id) {
            Some(now) => self.tell_moved(from, task_id, &now),
            None => self.tell_taken(from, task_id, "nothing moved for too long"),
        }
    }

    /// While a task is up for review, nothing else can be done with it.
    pub(super) fn check_not_in_review(&self, task_id: &TaskId) -> Result<(), Refusal> {
        match self.state.task(task_id).filter(|task| task.stage == Stage::NeedsReview) {
            None => Ok(()),
            Some(task) => Err(Refusal::TaskInReview {
                task_id: task_id.clone(),
                reviewer: task.course.reviewer.clone(),
            }),
        }
    }
}

impl AssignCause {
    /// Whether the agent is told with a message; one that took a task itself knows.
    pub(super) const fn is_news(self) -> bool {
        !matches!(self, Self::Taken)
    }
}
