//! Chat messages between agents: to another agent, or to the group of a queue.

use aws::Uuid;

use super::events::Notification;
use super::ids::of_entity;
use super::parameters as p;
use super::topics;
use super::writer::{Object, Truth};
use super::{Families, Simulator, Step};

const SENTENCES: [&str; 6] = [
    "Can somebody take a second call?",
    "The invoice tool is slow again.",
    "Back in five.",
    "Who knows the new return policy?",
    "Thanks, that worked!",
    "Customer on line asks for a supervisor.",
];

impl Simulator {
    /// Expects the next message, where they are published at all: nothing else depends on them.
    pub(super) fn expect_message(&mut self) {
        if self.config.families == Families::All && self.agents.count() > 1 {
            let mean_ms = p::MESSAGE_EVERY_MEAN_MS / self.agents.count() as f64;
            let after_ms = self.noise.exponential(mean_ms);
            self.schedule(after_ms, Step::ColleagueWrites);
        }
    }

    /// Some agent writes, unless the one who was drawn is not there.
    pub(super) fn colleague_writes(&mut self) {
        if self.is_over() {
            return;
        }
        let agents = self.agents.count();
        let from = self.noise.index(agents);
        let to = (from + 1 + self.noise.index(agents - 1)) % agents;
        let (is_to_group, sentence) = (self.noise.chance(0.4), self.noise.index(SENTENCES.len()));
        let id = self.noise.uuid();
        if self.agents.routing_status(from) != "OFF_QUEUE" {
            let message =
                ChatMessage { id, from, text: SENTENCES.get(sentence).copied().unwrap_or_default() };
            if is_to_group { self.write_to_group(message) } else { self.write_to(message, to) }
        }
        self.expect_message();
    }

    fn write_to_group(&mut self, message: ChatMessage) {
        let Some(queue) = self.agents.queues(message.from).first().and_then(|at| self.org.queues.get(*at))
        else {
            return;
        };
        let group = of_entity(self.config.seed, "group", &queue.name);
        self.say_message(
            Notification { topic: topics::CHAT_OF_GROUP, entity: group, at_ms: self.now_ms },
            "Group",
            message,
        );
    }

    /// Two agents have one room, whoever writes.
    fn write_to(&mut self, message: ChatMessage, to: usize) {
        let (one, other) = (message.from.min(to), message.from.max(to));
        let room = of_entity(self.config.seed, "chat", &format!("{one} {other}"));
        self.say_message(
            Notification { topic: topics::CHAT_OF_TWO, entity: room, at_ms: self.now_ms },
            "Adhoc",
            message,
        );
    }

    fn say_message(&mut self, notification: Notification, room: &str, message: ChatMessage) {
        self.publish(notification, 0, |body, org| {
            body.id("messageId", message.id);
            body.time("created", notification.at_ms);
            body.text("actionType", "Create");
            body.text("body", message.text);
            if let Some(user) = org.users.get(message.from) {
                body.object("from", |from| push_entity(from, user.id, "User"));
            }
            body.object("to", |to| push_entity(to, notification.entity, room));
            body.texts("mentions", &[]);
            body.truth("notifyAll", Truth::No);
            body.object("reactions", |_| {});
        });
    }
}

/// One message.
#[derive(Clone, Copy, Debug)]
struct ChatMessage {
    id: Uuid,
    /// Position of the agent.
    from: usize,
    text: &'static str,
}

fn push_entity(entity: &mut Object<'_>, id: Uuid, kind: &str) {
    entity.id("entityId", id);
    entity.text("entityType", kind);
}
