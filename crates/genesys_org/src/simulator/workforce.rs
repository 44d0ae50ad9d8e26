//! The agents: signing in, breaks, and the events of their routing status, presence and activity.

use aws::Uuid;

use super::agents::Duty;
use super::events::Notification;
use super::parameters as p;
use super::topics::{self, Topic};
use super::writer::{Object, Truth};
use super::{Families, LoadCurve, Opening, Org, Simulator, Step};

/// The last published state of an agent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    routing: &'static str,
    routing_since_ms: u64,
    presence: &'static str,
    presence_since_ms: u64,
    delivered_ms: u64,
    /// A break stands on the agenda.
    is_break_expected: bool,
}

impl Face {
    /// As a warm start finds an agent, on queue and idle; as a cold one does, gone.
    pub(super) fn new(opening: Opening, now_ms: u64) -> Self {
        let (routing, presence) = match opening {
            Opening::Warm => ("IDLE", "ON_QUEUE"),
            Opening::Cold => ("OFF_QUEUE", "OFFLINE"),
        };
        Self {
            routing,
            routing_since_ms: now_ms,
            presence,
            presence_since_ms: now_ms,
            delivered_ms: 0,
            is_break_expected: false,
        }
    }
}

impl Simulator {
    pub(super) fn sign_in(&mut self, agent: usize) {
        let break_ms = self.dice.exponential(p::BREAK_EVERY_MEAN_MS);
        self.expect_break(agent, break_ms);
        if self.has_shifts(agent) && self.agents.is_going_home(agent) {
            self.agents.welcome(agent);
            self.schedule(p::SHIFT_MS, Step::SignOff(agent));
        }
        self.agents.set_duty(agent, Duty::OnQueue);
        self.set_presence(agent, "ON_QUEUE");
        self.note_routing(agent);
        self.serve(agent);
    }

    fn has_shifts(&self, agent: usize) -> bool {
        self.config.load == LoadCurve::Day
            && self.org.users.get(agent).is_some_and(|user| user.shift_from.is_some())
    }

    /// Schedules one break at a time.
    pub(super) fn expect_break(&mut self, agent: usize, after_ms: u64) {
        let Some(face) = self.faces.get_mut(agent).filter(|face| !face.is_break_expected) else { return };
        face.is_break_expected = true;
        self.schedule(after_ms, Step::BreakDue(agent));
    }

    /// The shift is over, and the next one begins tomorrow. Once nothing new arrives everybody stays until all is done.
    pub(super) fn sign_off(&mut self, agent: usize) {
        if self.is_over() {
            return;
        }
        self.agents.send_home(agent);
        let late_ms = self.dice.between(0..=120_000);
        let after_ms = self.until_shift_ms(agent) + late_ms;
        self.schedule(after_ms, Step::SignIn(agent));
        self.perhaps_break(agent);
    }

    /// A missed alert is forgiven.
    pub(super) fn recover(&mut self, agent: usize) {
        self.agents.set_duty(agent, Duty::OnQueue);
        self.note_routing(agent);
        self.perhaps_break(agent);
        self.serve(agent);
        self.note_routing(agent);
    }

    pub(super) fn break_due(&mut self, agent: usize) {
        if let Some(face) = self.faces.get_mut(agent) {
            face.is_break_expected = false;
        }
        // Nobody takes a break at home.
        if self.is_over() || self.agents.routing_status(agent) == "OFF_QUEUE" {
            return;
        }
        self.agents.ask_for_break(agent);
        self.perhaps_break(agent);
    }

    /// Goes on a break that is due, as soon as nothing is at hand.
    pub(super) fn perhaps_break(&mut self, agent: usize) {
        if !self.agents.is_break_due(agent) || self.agents.routing_status(agent) != "IDLE" {
            return;
        }
        self.agents.set_duty(agent, Duty::OffQueue);
        if self.agents.is_going_home(agent) {
            self.set_presence(agent, "OFFLINE");
            return self.note_routing(agent);
        }
        let presence = if self.dice.chance(0.3) { "MEAL" } else { "BREAK" };
        self.set_presence(agent, presence);
        self.note_routing(agent);
        let length_ms = self.dice.lognormal(p::BREAK);
        self.schedule(length_ms, Step::BreakEnd(agent));
    }

    pub(super) fn break_end(&mut self, agent: usize) {
        if self.agents.is_going_home(agent) {
            return self.set_presence(agent, "OFFLINE");
        }
        self.agents.set_duty(agent, Duty::OnQueue);
        self.set_presence(agent, "ON_QUEUE");
        self.note_routing(agent);
        self.serve(agent);
        let next_ms = self.dice.exponential(p::BREAK_EVERY_MEAN_MS);
        self.expect_break(agent, next_ms);
    }

    /// Publishes the routing status, and the activity with it, where it has changed.
    pub(super) fn note_routing(&mut self, agent: usize) {
        let (status, now_ms) = (self.agents.routing_status(agent), self.now_ms);
        let Some(face) = self.faces.get_mut(agent).filter(|face| face.routing != status) else { return };
        face.routing = status;
        face.routing_since_ms = now_ms;
        let face = *face;
        self.say_of_agent(agent, topics::USER_ROUTING_STATUS, |body, user, _| {
            body.id("id", user);
            push_routing(body, face);
        });
        self.say_activity(agent);
    }

    fn set_presence(&mut self, agent: usize, presence: &'static str) {
        let now_ms = self.now_ms;
        let Some(face) = self.faces.get_mut(agent) else { return };
        let before = std::mem::replace(&mut face.presence, presence);
        face.presence_since_ms = now_ms;
        let face = *face;
        self.say_presence_audit(agent, before, presence);
        // The body names no user: the id is only in the topic's name, as the schema has it.
        self.say_of_agent(agent, topics::USER_PRESENCE, |body, _, org| {
            body.text("source", "PURECLOUD");
            push_definition(body, face, org);
            body.truth("primary", Truth::Yes);
            body.text("message", "");
            body.time("modifiedDate", face.presence_since_ms);
        });
        self.say_activity(agent);
    }

    /// The org audits each change of a presence, as a real sample shows it.
    fn say_presence_audit(&mut self, agent: usize, before: &str, after: &str) {
        if self.config.families != Families::All {
            return;
        }
        let (id, at_ms) = (self.noise.uuid(), self.now_ms);
        let Some(name) = self.org.users.get(agent).map(|user| user.name.clone()) else { return };
        self.say_of_agent(agent, topics::PRESENCE_AUDIT, |body, user, _| {
            body.id("id", id);
            body.id("userId", user);
            body.object("username", |username| username.text("id", ""));
            body.object("clientId", |_| {});
            body.text("serviceName", "Presence");
            body.time("eventTime", at_ms);
            body.text("action", "Update");
            body.text("entityType", "UserPresence");
            body.object("entity", |entity| {
                entity.id("id", user);
                entity.text("name", &name);
            });
            body.list("propertyChanges", std::iter::once((before, after)), |out, (before, after)| {
                let mut change = Object::begin(out);
                change.text("property", "PRESENCE");
                change.texts("oldValues", &[presence_name(before)]);
                change.texts("newValues", &[presence_name(after)]);
                change.end();
            });
        });
    }

    fn say_activity(&mut self, agent: usize) {
        let Some(face) = self.faces.get(agent).copied() else { return };
        let start_ms = self.config.start_ms;
        let queues = self.agents.queues(agent).to_vec();
        self.say_of_agent(agent, topics::USER_ACTIVITY, |body, user, org| {
            body.id("id", user);
            push_routing(body, face);
            body.object("presence", |presence| {
                push_definition(presence, face, org);
                presence.time("modifiedDate", face.presence_since_ms);
            });
            body.object("outOfOffice", |away| {
                away.truth("active", Truth::No);
                away.time("modifiedDate", start_ms);
            });
            body.ids(
                "activeQueueIds",
                queues.iter().filter_map(|queue| org.queues.get(*queue)).map(|queue| queue.id),
            );
            body.time("dateActiveQueuesChanged", start_ms);
        });
    }

    fn say_of_agent(&mut self, agent: usize, topic: Topic, fill: impl FnOnce(&mut Object<'_>, Uuid, &Org)) {
        if self.config.families == Families::Conversations {
            return;
        }
        let (Some(user), Some(face)) = (self.org.users.get(agent), self.faces.get(agent)) else { return };
        let (user, floor_ms) = (user.id, face.delivered_ms);
        let notification = Notification { topic, entity: user, at_ms: self.now_ms };
        let due_ms = self.publish(notification, floor_ms, |body, org| fill(body, user, org));
        if let Some(face) = self.faces.get_mut(agent) {
            face.delivered_ms = due_ms;
        }
    }
}

/// A system presence as people see it.
fn presence_name(system: &str) -> &'static str {
    match system {
        "ON_QUEUE" => "On Queue",
        "BREAK" => "Break",
        "MEAL" => "Meal",
        _ => "Offline",
    }
}

fn push_routing(body: &mut Object<'_>, face: Face) {
    body.object("routingStatus", |routing| {
        routing.text("status", face.routing);
        routing.time("startTime", face.routing_since_ms);
    });
}

fn push_definition(body: &mut Object<'_>, face: Face, org: &Org) {
    body.object("presenceDefinition", |definition| {
        definition.id("id", org.presence(face.presence));
        definition.text("systemPresence", face.presence);
    });
}
