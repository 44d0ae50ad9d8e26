//! What happens is as varied as its parameters say: kinds of conversation, averages, the load of a day, shifts, skills.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use genesys_org::simulator::{
    Config, Families, LoadCurve, Opening, SimulatedEvent, Simulator, WRAP_UP_TIMEOUT,
};
use serde_json::Value;

use crate::simulator::{Event, MINUTE_MS, START_MS, config, morning, run, text};

#[test]
fn every_scenario_comes_up() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let simulator = Simulator::new(config());
    let org = simulator.org();
    for event in morning().iter().map(Event::of) {
        let (name, body) = (event.short(), event.body());
        let code = body.wrapup_code;
        assert!(code.is_empty() || org.wrap_up_name(code).is_some(), "{code} has a name");
        for word in [body.disconnect_type, body.acd_outcome, body.media_type, body.current_state] {
            seen.insert(format!("{name} {word}"));
        }
        if code == WRAP_UP_TIMEOUT {
            seen.insert(format!("wrap-up {code}"));
        }
        seen.extend(body.routing_status.iter().map(|routing| format!("status {}", routing.status)));
        seen.extend(
            body.presence_definition.iter().map(|presence| format!("presence {}", presence.system_presence)),
        );
    }
    let state = "v2.detail.events.agent.{id}.state";
    let expected = [
        "acd.end ANSWERED",
        "acd.end ABANDON",
        "acd.end FLOW_OUT",
        "user.end TRANSFER",
        "user.end CONSULT_TRANSFER",
        "user.end CLIENT",
        "user.end PEER",
        "customer.end ENDPOINT",
        "customer.end PEER",
        "customer.end INACTIVITY",
        "customer.end TIMEOUT",
        "customer.end UNCALLABLE",
        "user.start CALLBACK",
        "user.start VOICE",
        "user.start CHAT",
        "user.start MESSAGE",
        "user.start EMAIL",
        "voicemail.end PEER",
        "wrapup VOICE",
        "outbound VOICE",
        "contact VOICE",
        "wrap-up ININ-WRAP-UP-TIMEOUT",
        "status IDLE",
        "status INTERACTING",
        "status NOT_RESPONDING",
        "status OFF_QUEUE",
        "presence ON_QUEUE",
        "presence BREAK",
        "presence MEAL",
        "flow.outcome VOICE",
        "attributes ",
    ];
    for name in expected {
        assert!(seen.contains(name), "{name} is missing of {seen:?}");
    }
    for name in ["ALERT", "INTERACT", "HOLD", "WRAPUP", "PARKED", "DIALING", "TERMINATED"] {
        assert!(seen.contains(&format!("{state} {name}")), "{name}");
    }
}

#[test]
fn averages_are_those_of_the_parameters() {
    let quiet = Config { agents: 60, families: Families::Conversations, opening: Opening::Cold, ..config() };
    let events = run(150, quiet);
    let (mut handled_ms, mut talk_ms, mut calls, mut answered, mut abandoned) = (0, 0, 0, 0, 0);
    let (mut voice, mut of_voice) = (HashSet::new(), 0);
    for event in events.iter().map(Event::of) {
        let body = event.body();
        of_voice += usize::from(voice.contains(body.conversation_id));
        match event.short() {
            "customer.start" if body.media_type == "VOICE" && body.direction == "INBOUND" => {
                of_voice += usize::from(voice.insert(body.conversation_id));
            }
            // Not email: a parked one goes on for hours without taking up anybody.
            "user.end" | "acw" if body.media_type == "EMAIL" => {}
            "user.end" => {
                handled_ms +=
                    body.interacting_duration_ms + body.held_duration_ms + body.alerting_duration_ms;
                if body.interacting_duration_ms > 0 && body.media_type == "VOICE" {
                    talk_ms += body.interacting_duration_ms;
                    calls += 1;
                }
            }
            "acw" => handled_ms += body.wrapup_duration_ms,
            "acd.end" if body.acd_outcome == "ANSWERED" => answered += 1,
            "acd.end" if body.acd_outcome == "ABANDON" => abandoned += 1,
            _ => {}
        }
    }
    let bytes: usize = events.iter().map(|event| event.text.len()).sum();
    let within =
        |name: &str, value: f64, low: f64, high: f64| assert!(value > low && value < high, "{name}: {value}");
    within("talk of a call in s", talk_ms as f64 / calls as f64 / 1_000.0, 240.0, 330.0);
    within("abandoned", abandoned as f64 / (abandoned + answered) as f64, 0.02, 0.08);
    within("events a call", of_voice as f64 / voice.len() as f64, 13.0, 19.0);
    within("bytes an event", bytes as f64 / events.len() as f64, 950.0, 1_400.0);
    within("occupancy", handled_ms as f64 / (60.0 * 150.0 * MINUTE_MS as f64), 0.55, 0.82);
}

#[test]
fn a_warm_start_ends_a_support_conversation_within_a_minute() {
    for seed in 0..10 {
        let mut simulator = Simulator::new(Config { seed, ..config() });
        let support = simulator.org().queue("Support").unwrap().id.to_string();
        let wrapped =
            simulator.by_ref().find(|event| event.text.contains(".acw\"") && event.text.contains(&support));
        let due_ms = wrapped.unwrap().due_ms - START_MS;
        assert!(due_ms < 45_000, "seed {seed}: {due_ms}");
    }
}

#[test]
fn the_load_follows_the_hour() {
    // From midnight: the busiest hour against the quietest.
    let midnight_ms = START_MS / 86_400_000 * 86_400_000;
    let quiet = Config { agents: 10, families: Families::Conversations, load: LoadCurve::Day, ..config() };
    let begun = |hour: u64| {
        let start_ms = midnight_ms + hour * 60 * MINUTE_MS;
        let config = Config { start_ms, opening: Opening::Cold, ..quiet.clone() };
        run(60, config).iter().filter(|event| event.text.contains("{id}.customer.start")).count()
    };
    let (night, day) = (begun(3), begun(10));
    assert!(day > 5 * night.max(1), "{night} at night, {day} by day");
}

/// Shifts: nobody but the first agent works round the clock, and the desks are filled when the load is there.
#[test]
fn agents_work_in_shifts_where_the_load_follows_the_day() {
    let midnight_ms = START_MS / 86_400_000 * 86_400_000;
    let day = Config {
        agents: 40,
        load: LoadCurve::Day,
        opening: Opening::Cold,
        start_ms: midnight_ms,
        families: Families::Agents,
        until_ms: Some(midnight_ms + 24 * 60 * MINUTE_MS),
        ..config()
    };
    let mut present: HashSet<&str> = HashSet::new();
    let mut by_hour: BTreeMap<u64, usize> = BTreeMap::new();
    let (mut answered, mut abandoned) = (0, 0);
    let events: Vec<SimulatedEvent> = Simulator::new(day).collect();
    for (event, due_ms) in events.iter().map(|event| (Event::of(event), event.due_ms)) {
        let body = event.body();
        answered += usize::from(body.acd_outcome == "ANSWERED");
        abandoned += usize::from(body.acd_outcome == "ABANDON");
        if event.detail_type == "v2.users.{id}.activity" {
            match body.presence_in_activity() {
                "OFFLINE" => present.remove(body.id),
                _ => present.insert(body.id),
            };
        }
        let hour = (due_ms - midnight_ms) / 3_600_000;
        by_hour.entry(hour).and_modify(|most| *most = present.len().max(*most)).or_insert(present.len());
    }
    let at = |hour: u64| by_hour.get(&hour).copied().unwrap_or_default();
    assert!(at(3) < 8 && at(10) > 20 && at(18) < 25, "{by_hour:?}");
    assert!(abandoned * 6 < answered, "{abandoned} abandoned, {answered} answered");
}

/// A customer who asks for a skill gets an agent who has it, unless nobody else was free for a while.
#[test]
fn skills_decide_who_answers() {
    let org = Simulator::new(config()).org().clone();
    let skilled: HashMap<String, HashSet<String>> = org
        .users()
        .iter()
        .map(|user| {
            let skills = user.skills.iter().filter_map(|skill| org.skills().get(*skill));
            (user.id.to_string(), skills.map(|skill| skill.id.to_string()).collect())
        })
        .collect();
    let (mut with, mut without) = (0, 0);
    for event in morning().iter().filter(|event| event.text.contains("\"ANSWERED\"")) {
        let event: Value = serde_json::from_str(&event.text).unwrap();
        let body = &event["detail"]["eventBody"];
        let Some(skill) = body.pointer("/requestedRoutingSkillIds/0").and_then(Value::as_str) else {
            continue;
        };
        let has = skilled[text(body, "/answeredUserId")].contains(skill);
        (with, without) = (with + usize::from(has), without + usize::from(!has));
    }
    assert!(with > 2 * without && without > 0, "{with} with, {without} without");
}
