//! The simulated org: what exists before anything happens. A function of the seed, so that a restart finds the same org.

use aws::Uuid;

use super::WrapCode;
use super::ids::of_entity;
use super::parameters::SHIFTS;
use super::random::Dice;

/// The wrap-up code that the system writes when after-call work runs into its time limit: a literal, not a UUID.
pub const WRAP_UP_TIMEOUT: &str = "ININ-WRAP-UP-TIMEOUT";

/// Names of the wrap-up codes; in events a wrap-up is the code's UUID.
const WRAP_UPS: [&str; 8] = [
    "resolved",
    "follow-up",
    "escalated",
    "information-given",
    "callback-arranged",
    "complaint",
    "sale",
    "wrong-number",
];
const SKILLS: [&str; 4] = ["english", "german", "technical", "invoices"];
const FIRST_NAMES: [&str; 20] = [
    "Amina", "Ben", "Chiara", "David", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kaito", "Lena",
    "Mateo", "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara",
];
const LAST_NAMES: [&str; 20] = [
    "Adler", "Bauer", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Haas", "Ivanova", "Jensen",
    "Keller", "Lopez", "Meyer", "Novak", "Okafor", "Petrov", "Rossi", "Singh", "Tanaka", "Weber",
];

/// Something of the org that has an id and a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its UUID, as events carry it.
    pub id: Uuid,
    /// Its name, which events do not carry.
    pub name: String,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its UUID.
    pub id: Uuid,
    /// First and last name, numbered where two agents would share them.
    pub name: String,
    /// Address, unique in the org.
    pub email: String,
    /// Positions in [`Org::queues`] of the queues that the agent serves, at least one.
    pub queues: Vec<usize>,
    /// Positions in [`Org::skills`] of the agent's skills, at least one.
    pub skills: Vec<usize>,
    /// Where the load follows the day: the hour (UTC) at which the agent's shift begins; `None`: always there.
    pub shift_from: Option<u64>,
}

/// The org.
#[derive(Clone, Debug)]
pub struct Org {
    pub(super) id: Uuid,
    pub(super) source: String,
    pub(super) division: Uuid,
    pub(super) divisions: Vec<Entity>,
    pub(super) queues: Vec<Entity>,
    pub(super) users: Vec<User>,
    pub(super) wrap_up_codes: Vec<Entity>,
    pub(super) skills: Vec<Entity>,
    pub(super) flow_outcomes: Vec<Entity>,
    pub(super) milestones: Vec<Entity>,
    pub(super) campaign: Entity,
    pub(super) contact_list: Entity,
    seed: u64,
}

impl Org {
    /// The org of `seed` with these queues and that many agents.
    pub fn new(seed: u64, queues: &[String], agents: usize) -> Self {
        let entity =
            |kind: &str, name: &str| Entity { id: of_entity(seed, kind, name), name: name.to_owned() };
        let id = of_entity(seed, "organization", "");
        Self {
            id,
            source: source(id, "trunkline"),
            division: of_entity(seed, "division", "Home"),
            divisions: vec![entity("division", "Home")],
            queues: queues.iter().map(|name| entity("queue", name)).collect(),
            users: (0..agents).map(|number| user(seed, number, queues.len())).collect(),
            wrap_up_codes: WRAP_UPS.iter().map(|name| entity("wrap-up code", name)).collect(),
            skills: SKILLS.iter().map(|name| entity("skill", name)).collect(),
            flow_outcomes: ["Identified", "Self-service"]
                .iter()
                .map(|name| entity("flow outcome", name))
                .collect(),
            milestones: ["Greeted", "Identified", "Intent", "Done"]
                .iter()
                .map(|name| entity("milestone", name))
                .collect(),
            campaign: entity("campaign", "Renewals"),
            contact_list: entity("contact list", "Renewals"),
            seed,
        }
    }

    pub(super) fn renamed(mut self, id: Option<Uuid>, suffix: &str) -> Self {
        self.id = id.unwrap_or(self.id);
        self.source = source(self.id, suffix);
        self
    }

    /// The org's id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The id of the division that everything belongs to.
    pub fn division(&self) -> Uuid {
        self.division
    }

    /// The partner event source, which is also the name of the bus that its events arrive on.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The queues, in the order of the configuration.
    pub fn queues(&self) -> &[Entity] {
        &self.queues
    }

    /// The queue of this name.
    pub fn queue(&self, name: &str) -> Option<&Entity> {
        self.queues.iter().find(|queue| queue.name == name)
    }

    /// The agents.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The divisions: one, to which everything belongs.
    pub fn divisions(&self) -> &[Entity] {
        &self.divisions
    }

    /// The routing skills.
    pub fn skills(&self) -> &[Entity] {
        &self.skills
    }

    /// The agent of this id.
    pub fn user(&self, id: Uuid) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The wrap-up codes.
    pub fn wrap_up_codes(&self) -> &[Entity] {
        &self.wrap_up_codes
    }

    /// The name of a wrap-up code as events carry it: a UUID, or the literal of a time-out.
    pub fn wrap_up_name(&self, code: &str) -> Option<&str> {
        if code == WRAP_UP_TIMEOUT {
            return Some("time-out");
        }
        self.wrap_up_codes
            .iter()
            .find(|entity| entity.id.to_string() == code)
            .map(|entity| entity.name.as_str())
    }

    /// A wrap-up code as events carry it.
    pub(super) fn wrap_up_text(&self, code: WrapCode) -> String {
        match code {
            WrapCode::TimedOut => WRAP_UP_TIMEOUT.to_owned(),
            WrapCode::Chosen(at) => {
                self.wrap_up_codes.get(at).map(|code| code.id.to_string()).unwrap_or_default()
            }
        }
    }

    /// The id of the flow of this type that belongs to a queue.
    pub(super) fn flow(&self, flow_type: &str, queue: usize) -> Uuid {
        Dice::new(self.seed, of_entity(self.seed, "flow", flow_type).low(), queue as u64).uuid()
    }

    /// The id of the definition of a system presence (`ON_QUEUE`, `BREAK`).
    pub(super) fn presence(&self, system: &str) -> Uuid {
        of_entity(self.seed, "presence", system)
    }
}

fn source(org: Uuid, suffix: &str) -> String {
    format!("aws.partner/genesys.com/cloud/{org}/{suffix}")
}

fn user(seed: u64, number: usize, queues: usize) -> User {
    let mut dice = Dice::new(seed, 0x7573_6572, number as u64);
    let first = FIRST_NAMES.get(number % FIRST_NAMES.len()).copied().unwrap_or_default();
    let last = LAST_NAMES.get((number * 7 + number / 20) % LAST_NAMES.len()).copied().unwrap_or_default();
    let name = if number < 20 * 20 { format!("{first} {last}") } else { format!("{first} {last} {number}") };
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    // The first queue is the busiest: half of the agents serve it first, then the rest likewise.
    let mut served: Vec<usize> = Vec::new();
    let mut primary = 0;
    while primary + 1 < queues && !dice.chance(super::QUEUE_SHARE) {
        primary += 1;
    }
    served.push(primary);
    // Everybody has a second queue where there is one, so that no queue stands alone.
    if queues > 1 {
        served.push((primary + 1 + dice.index(queues - 1)) % queues);
    }
    // The first agent serves all: in a small org a queue without anybody would keep its emails for ever.
    if number == 0 {
        served = (0..queues).collect();
    }
    let id = dice.uuid();
    // Half of the skills each, on average; everybody has at least one, so that no customer waits in vain for long.
    let own = dice.index(SKILLS.len());
    let skills = (0..SKILLS.len()).filter(|skill| *skill == own || dice.chance(0.33)).collect();
    let shift_from = (number > 0).then(|| shift(&mut dice));
    User { id, name, email, queues: served, skills, shift_from }
}

fn shift(dice: &mut Dice) -> u64 {
    let mut rest = dice.unit();
    for (hour, share) in SHIFTS {
        if rest < share {
            return hour;
        }
        rest -= share;
    }
    SHIFTS.first().map_or(0, |(hour, _)| *hour)
}
