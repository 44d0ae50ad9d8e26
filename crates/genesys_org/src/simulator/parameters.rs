//! The parameters of the simulated org, each with its source.
//!
//! Durations are milliseconds of simulated time. "Inferred" means: chosen so that the published averages come out; nothing
//! here is a promise of Genesys Cloud.

use std::ops::RangeInclusive;

use super::random::Lognormal;

/// Simulated milliseconds a millisecond of the wall clock, for a person who watches: at a warm start the first conversation of
/// each queue ends, wrap-up included, after 31 to 36 s, which is under 2 s here; then 50 agents end two conversations a second.
pub const SPEED_TO_WATCH: u32 = 20;

/// Share of an agent's time on queue that is spent handling. Source: call-centre benchmark of 494 sites, mean 70.6 %
/// (range 48 to 87), opsdog.com.
pub const OCCUPANCY: f64 = 0.706;

/// Talk time of a call. Mean 302 s of an average handle time of 6 min: celsiusindustries.com benchmark page; the spread is inferred.
pub const TALK_VOICE: Lognormal = Lognormal { median_ms: 230_000.0, sigma: 0.74 };
/// Share of calls with a hold, and how long it lasts: together 25.8 s a call (same page; the split is inferred).
pub const HOLD_SHARE: f64 = 0.35;
/// Mean of one hold.
pub const HOLD_MEAN_MS: f64 = 74_000.0;
/// After-call work. Median 20 s inferred; the mean of 31 s completes the 6 min.
pub const ACW: Lognormal = Lognormal { median_ms: 20_000.0, sigma: 0.95 };
/// Share of wrap-ups that run into the time limit, which writes the literal code `ININ-WRAP-UP-TIMEOUT`. Inferred.
pub const ACW_TIMEOUT_SHARE: f64 = 0.06;
/// Share of handled conversations without any wrap-up (not required on the queue, or closed by the system). Inferred.
pub const ACW_NONE_SHARE: f64 = 0.03;
/// Longest after-call work before the time limit writes the code. Inferred.
pub const ACW_LIMIT_MS: u64 = 300_000;

/// Handling of one chat, message and email. Inferred: minutes, with a long tail for messages.
pub const TALK_CHAT: Lognormal = Lognormal { median_ms: 420_000.0, sigma: 0.6 };
/// See [`TALK_CHAT`].
pub const TALK_MESSAGE: Lognormal = Lognormal { median_ms: 480_000.0, sigma: 0.9 };
/// See [`TALK_CHAT`].
pub const TALK_EMAIL: Lognormal = Lognormal { median_ms: 360_000.0, sigma: 0.8 };
/// How many digital conversations an agent takes at once; voice is always alone. Inferred from default utilisation settings.
pub const DIGITAL_MAX: u8 = 3;
/// Share of emails that are parked once, and for how long: hours, as the facts say of asynchronous media.
pub const PARK_SHARE: f64 = 0.2;
/// See [`PARK_SHARE`].
pub const PARK: Lognormal = Lognormal { median_ms: 7_200_000.0, sigma: 0.9 };
/// Share of message threads whose customer goes silent, so that the session ends by `INACTIVITY`. Inferred.
pub const INACTIVITY_SHARE: f64 = 0.25;
/// Share of message threads that the customer opens again after their end, and after how long. Inferred.
pub const REOPEN_SHARE: f64 = 0.1;
/// See [`REOPEN_SHARE`].
pub const REOPEN: Lognormal = Lognormal { median_ms: 5_400_000.0, sigma: 0.8 };

/// Time in the IVR or the bot: lognormal with median 60 s (suggested by the facts; one real call: 64.5 s).
pub const FLOW: Lognormal = Lognormal { median_ms: 60_000.0, sigma: 0.5 };
/// Share of inbound calls and messages that end in the flow without an agent. Inferred.
pub const SELF_SERVICE_SHARE: f64 = 0.08;
/// Mean count of attribute updates a conversation: the facts' "about five", their softest term.
pub const ATTRIBUTES_MEAN: f64 = 5.0;
/// Chance of a flow outcome, tried twice: 0.5 a conversation.
pub const OUTCOME_CHANCE: f64 = 0.25;
/// Share of customers that are known as external contacts. Inferred.
pub const KNOWN_CONTACT_SHARE: f64 = 0.7;

/// Mean of the routing wait, and its cap: the facts' exponential of 20 to 60 s.
pub const WAIT_MEAN_MS: f64 = 20_000.0;
/// See [`WAIT_MEAN_MS`].
pub const WAIT_MAX_MS: u64 = 120_000;
/// Share of queue entries that hang up before they are routed (facts: abandon 5 %), and after how long.
pub const ABANDON_SHARE: f64 = 0.05;
/// See [`ABANDON_SHARE`].
pub const ABANDON_AFTER: Lognormal = Lognormal { median_ms: 22_000.0, sigma: 0.7 };
/// How long everybody else waits when no agent is free. Inferred.
pub const PATIENCE: Lognormal = Lognormal { median_ms: 240_000.0, sigma: 0.6 };
/// Share of queue entries that leave by the queue's flow (overflow, voicemail offer). Inferred.
pub const FLOW_OUT_SHARE: f64 = 0.03;
/// Of voice flow-outs, the share that leaves a voicemail; the rest goes to another queue. Inferred.
pub const VOICEMAIL_SHARE: f64 = 0.4;
/// Length of a voicemail. Inferred.
pub const VOICEMAIL: Lognormal = Lognormal { median_ms: 25_000.0, sigma: 0.5 };

/// How long a customer waits for an agent with the needed skill while others are free. Inferred.
pub const SKILL_WAIT_MS: u64 = 15_000;

/// Share of alerts that the agent misses (facts: 5 %), and the time after which the system gives up (one real call: 7.4 s).
pub const NO_ANSWER_SHARE: f64 = 0.05;
/// See [`NO_ANSWER_SHARE`].
pub const ALERT_TIMEOUT_MS: u64 = 7_400;
/// An answered alert (one real call: 2.4 s).
pub const ALERT: Lognormal = Lognormal { median_ms: 2_400.0, sigma: 0.45 };
/// Share of missed alerts that still end in after-call work (seen once, 57 s, in a real timeline).
pub const MISSED_ACW_SHARE: f64 = 0.2;
/// How long an agent stays not responding before returning. Inferred.
pub const NOT_RESPONDING_MEAN_MS: f64 = 45_000.0;

/// Share of handled voice conversations that are transferred, 9.9 % (celsiusindustries.com), split into blind and consult (inferred).
pub const BLIND_TRANSFER_SHARE: f64 = 0.07;
/// See [`BLIND_TRANSFER_SHARE`].
pub const CONSULT_TRANSFER_SHARE: f64 = 0.029;
/// How long two agents speak before the customer is handed over. Inferred.
pub const CONSULT: Lognormal = Lognormal { median_ms: 35_000.0, sigma: 0.5 };
/// Share of conversations that the customer ends (the agent ends the others). Inferred.
pub const CUSTOMER_ENDS_SHARE: f64 = 0.6;

/// Share of dialler calls that somebody answers. Inferred.
pub const OUTBOUND_CONNECT_SHARE: f64 = 0.4;
/// Dialling time of outbound calls and callbacks. Inferred.
pub const DIALING: Lognormal = Lognormal { median_ms: 9_000.0, sigma: 0.4 };

/// Arrivals by kind. Voice first, as in the facts' event counts; the other shares are inferred.
pub const MIX: [(super::conversation::Kind, f64); 6] = [
    (super::conversation::Kind::InboundCall, 0.72),
    (super::conversation::Kind::Callback, 0.03),
    (super::conversation::Kind::Chat, 0.06),
    (super::conversation::Kind::Message, 0.09),
    (super::conversation::Kind::Email, 0.05),
    (super::conversation::Kind::OutboundCall, 0.05),
];

/// Breaks: how often an agent asks for one, how long it lasts. Inferred.
pub const BREAK_EVERY_MEAN_MS: f64 = 7_200_000.0;
/// See [`BREAK_EVERY_MEAN_MS`].
pub const BREAK: Lognormal = Lognormal { median_ms: 780_000.0, sigma: 0.3 };

/// How often an agent writes to a colleague or to the group of a queue. Inferred.
pub const MESSAGE_EVERY_MEAN_MS: f64 = 2_400_000.0;

/// From what happened to its publication: `detail.timestamp` minus `eventTime` is 262 to 378 ms in the sample payloads.
pub const PUBLISH_LAG_MS: RangeInclusive<u64> = 250..=390;
/// From publication to delivery: p50 169 ms, p95 226, p99 251 measured by a company of 1,200 agents.
pub const TRANSPORT_LAG_MS: RangeInclusive<u64> = 115..=240;
/// The acd session of an answered call ends this long before the agent's alert does (one real call: 17 ms).
pub const ACD_BEFORE_ANSWER_MS: u64 = 17;

/// Conversations a day for each agent of the org, on duty or not: 40,000 of 1,200 agents (one company, measured).
pub const CONVERSATIONS_PER_AGENT_AND_DAY: f64 = 33.3;
/// Hours (UTC) at which shifts begin, and the share of the agents in each; every shift lasts [`SHIFT_MS`]. Inferred, so that
/// they cover [`DAY_CURVE`].
pub const SHIFTS: [(u64, f64); 6] = [(6, 0.2), (8, 0.3), (9, 0.2), (12, 0.2), (14, 0.05), (21, 0.05)];
/// See [`SHIFTS`].
pub const SHIFT_MS: u64 = 8 * 3_600_000;

/// Load by hour of the day (UTC), relative to the mean: an eight-to-eight business with 12 % of the day in its busiest hour, as
/// the facts count it.
pub const DAY_CURVE: [f64; 24] = [
    0.10, 0.06, 0.05, 0.05, 0.08, 0.20, 0.55, 1.30, 2.05, 2.70, 2.88, 2.50, 2.00, 1.85, 1.95, 1.85, 1.45,
    0.95, 0.60, 0.38, 0.25, 0.15, 0.10, 0.08,
];

/// How late trouble's late wrap-ups come: beyond the tracker's default grace of 60 s.
pub const LATE_WRAPUP_MS: RangeInclusive<u64> = 75_000..=900_000;
/// How much later trouble's duplicates come.
pub const DUPLICATE_AFTER_MS: RangeInclusive<u64> = 50..=30_000;
