//! The agents as a limited resource: who is free for what, longest idle first.

use std::collections::BTreeSet;

use super::org::User;
use super::parameters::DIGITAL_MAX;

/// The load of a conversation on an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// Alone: a call, a callback.
    Exclusive,
    /// Together with a few others of its sort.
    Digital,
}

/// Whether routing may choose an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Duty {
    /// Signed out, or on a break.
    #[default]
    OffQueue,
    OnQueue,
    /// Missed an alert, and left alone for a while.
    NotResponding,
}

#[derive(Clone, Debug, Default)]
struct Agent {
    queues: Vec<usize>,
    /// A bit for each skill.
    skills: u32,
    duty: Duty,
    exclusive: bool,
    digital: u8,
    idle_since_ms: u64,
    /// A break that waits for the agent to be free.
    break_due: bool,
    /// The shift is over: gone as soon as nothing is at hand.
    going_home: bool,
}

/// Whom routing found, if anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoutingResult {
    Agent(usize),
    /// Somebody is free, but nobody with the skill.
    Unskilled,
    Nobody,
}

impl RoutingResult {
    pub(super) fn agent(self) -> Option<usize> {
        match self {
            Self::Agent(agent) => Some(agent),
            Self::Unskilled | Self::Nobody => None,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Agents {
    all: Vec<Agent>,
    /// By queue: free of everything, longest idle first.
    idle: Vec<BTreeSet<(u64, usize)>>,
    /// By queue: with room for one more digital conversation, least loaded first.
    sharing: Vec<BTreeSet<(u8, usize)>>,
}

impl Agents {
    pub(super) fn new(users: &[User], queues: usize) -> Self {
        let agent = |user: &User| Agent {
            queues: user.queues.clone(),
            skills: user.skills.iter().fold(0, |bits, skill| bits | 1 << skill),
            ..Agent::default()
        };
        let all = users.iter().map(agent).collect();
        Self { all, idle: vec![BTreeSet::new(); queues], sharing: vec![BTreeSet::new(); queues] }
    }

    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// How many are there for routing, busy or not.
    pub(super) fn on_queue(&self) -> usize {
        self.all.iter().filter(|agent| agent.duty == Duty::OnQueue).count()
    }

    /// The queues that an agent serves.
    pub(super) fn queues(&self, agent: usize) -> &[usize] {
        self.all.get(agent).map_or(&[], |agent| agent.queues.as_slice())
    }

    /// Takes the agent of `queue` that fits best and has the skill, if anybody is free.
    pub(super) fn take(&mut self, queue: usize, load: Load, skill: Option<usize>) -> RoutingResult {
        let idle = self.idle.get(queue).into_iter().flatten().map(|(_, agent)| *agent);
        let sharing = self.sharing.get(queue).filter(|_| load == Load::Digital);
        let mut free = idle.chain(sharing.into_iter().flatten().map(|(_, agent)| *agent)).peekable();
        if free.peek().is_none() {
            return RoutingResult::Nobody;
        }
        let Some(agent) = free.find(|agent| self.has_skill(*agent, skill)) else {
            return RoutingResult::Unskilled;
        };
        self.hold(agent, load);
        RoutingResult::Agent(agent)
    }

    fn has_skill(&self, agent: usize, skill: Option<usize>) -> bool {
        let Some(skill) = skill else { return true };
        self.all.get(agent).is_some_and(|agent| agent.skills & 1 << skill != 0)
    }

    /// Takes this very agent, whom the caller knows to have room.
    pub(super) fn hold(&mut self, agent: usize, load: Load) {
        self.change(agent, |agent| match load {
            Load::Exclusive => agent.exclusive = true,
            Load::Digital => agent.digital += 1,
        });
    }

    pub(super) fn release(&mut self, agent: usize, load: Load, now_ms: u64) {
        self.change(agent, |agent| {
            match load {
                Load::Exclusive => agent.exclusive = false,
                Load::Digital => agent.digital = agent.digital.saturating_sub(1),
            }
            agent.idle_since_ms = now_ms;
        });
    }

    /// A break that was due has been taken once the agent is off queue.
    pub(super) fn set_duty(&mut self, agent: usize, duty: Duty) {
        self.change(agent, |agent| {
            agent.duty = duty;
            agent.break_due &= duty != Duty::OffQueue;
        });
    }

    /// No more work for this agent until the break has been taken.
    pub(super) fn ask_for_break(&mut self, agent: usize) {
        self.change(agent, |agent| agent.break_due = true);
    }

    /// No more work for this agent until the next shift.
    pub(super) fn send_home(&mut self, agent: usize) {
        self.change(agent, |agent| {
            agent.break_due = true;
            agent.going_home = true;
        });
    }

    pub(super) fn is_going_home(&self, agent: usize) -> bool {
        self.all.get(agent).is_some_and(|agent| agent.going_home)
    }

    /// A shift begins.
    pub(super) fn welcome(&mut self, agent: usize) {
        self.change(agent, |agent| {
            agent.going_home = false;
            agent.break_due = false;
        });
    }

    pub(super) fn is_break_due(&self, agent: usize) -> bool {
        self.all.get(agent).is_some_and(|agent| agent.break_due)
    }

    /// Whether the agent has room for this now.
    pub(super) fn has_room(&self, agent: usize, load: Load) -> bool {
        self.all.get(agent).is_some_and(|agent| match load {
            Load::Exclusive => agent.is_idle(),
            Load::Digital => agent.is_idle() || agent.is_sharing(),
        })
    }

    /// The routing status as events name it.
    pub(super) fn routing_status(&self, agent: usize) -> &'static str {
        match self.all.get(agent) {
            Some(agent) if agent.exclusive || agent.digital > 0 => "INTERACTING",
            Some(agent) if agent.duty == Duty::OffQueue => "OFF_QUEUE",
            Some(agent) if agent.duty == Duty::NotResponding => "NOT_RESPONDING",
            _ => "IDLE",
        }
    }

    fn change(&mut self, at: usize, edit: impl FnOnce(&mut Agent)) {
        let Some(agent) = self.all.get_mut(at) else { return };
        for queue in &agent.queues {
            if let (Some(idle), Some(sharing)) = (self.idle.get_mut(*queue), self.sharing.get_mut(*queue)) {
                idle.remove(&(agent.idle_since_ms, at));
                sharing.remove(&(agent.digital, at));
            }
        }
        edit(agent);
        for queue in &agent.queues {
            let (Some(idle), Some(sharing)) = (self.idle.get_mut(*queue), self.sharing.get_mut(*queue))
            else {
                continue;
            };
            if agent.is_idle() {
                idle.insert((agent.idle_since_ms, at));
            } else if agent.is_sharing() {
                sharing.insert((agent.digital, at));
            }
        }
    }
}

impl Agent {
    fn is_present(&self) -> bool {
        self.duty == Duty::OnQueue && !self.exclusive && !self.break_due
    }

    fn is_idle(&self) -> bool {
        self.is_present() && self.digital == 0
    }

    fn is_sharing(&self) -> bool {
        self.is_present() && self.digital > 0 && self.digital < DIGITAL_MAX
    }
}
