//! Schedule expressions: AWS's examples as cases, and cron against a reference that tries every minute.

use aws::Timestamp;
use events::Schedule;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::Value;

use crate::cases::{each, text};

#[test]
fn schedules_run_when_aws_says() {
    each("schedule", |name, case| {
        for moment in case["moments"].as_array().into_iter().flatten() {
            let expression = text(moment, "expression");
            let schedule = Schedule::parse(expression).unwrap_or_else(|| panic!("{name}: {expression}"));
            let mut at = Timestamp::parse_iso(text(moment, "after")).unwrap();
            for wanted in moment["next"].as_array().unwrap() {
                let next = schedule.next_after(at);
                let said = next.map_or(Value::Null, |next| Value::from(next.to_iso_seconds()));
                assert_eq!(said, *wanted, "{name}: {expression} after {at}");
                at = next.unwrap_or(at);
            }
        }
        for refused in case["refused"].as_array().into_iter().flatten() {
            let expression = refused.as_str().unwrap();
            assert_eq!(Schedule::parse(expression), None, "{name}: {expression}");
        }
    });
}

#[test]
fn what_was_missed_is_passed_over_and_a_rate_keeps_its_step() {
    let at = |iso: &str| Timestamp::parse_iso(iso).unwrap();
    let (last, now) = (at("2026-03-19T12:00:30Z"), at("2026-03-19T13:02:31Z"));
    let rate = Schedule::parse("rate(2 minutes)").unwrap();
    assert_eq!(rate.next_since(last, now), Some(at("2026-03-19T13:04:30Z")));
    assert_eq!(rate.next_since(last, last), Some(at("2026-03-19T12:02:30Z")));
    let cron = Schedule::parse("cron(0/2 * * * ? *)").unwrap();
    assert_eq!(cron.next_since(last, now), Some(at("2026-03-19T13:04:00Z")));
}

/// A day as the reference counts it, from 1 January 2024, a Monday, on.
#[derive(Clone, Copy)]
struct Day {
    month: u32,
    day: u32,
    /// 1 is Sunday.
    weekday: u32,
    /// How many days its month has.
    month_days: u32,
}

/// Days from 1970 to 1 January 2024.
const FIRST_DAY: u64 = 19_723;
/// How far the reference looks.
const HORIZON_DAYS: u64 = 130;

fn calendar() -> Vec<Day> {
    let mut days = Vec::new();
    let mut weekday = 2;
    for year in 2024..2030 {
        let february = if year % 4 == 0 { 29 } else { 28 };
        for (month, month_days) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
            for day in 1..=month_days {
                days.push(Day { month, day, weekday, month_days });
                weekday = weekday % 7 + 1;
            }
        }
    }
    days
}

/// A list of numbers, ranges and steps, said for each value on its own.
fn allows(field: &str, value: u32, max: u32) -> bool {
    field.split(',').any(|item| {
        let (range, step) = item.split_once('/').unwrap_or((item, "1"));
        let step: u32 = step.parse().unwrap();
        let min = u32::from(max != 59 && max != 23);
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first), number(last)),
            None if range == "*" => (min, max),
            None if item.contains('/') => (number(range), max),
            None => (number(range), number(range)),
        };
        // One by one from the first to the last, past the greatest value where the last is less.
        let (mut at, mut steps) = (first, 0);
        loop {
            if at == value && u32::is_multiple_of(steps, step) {
                return true;
            }
            if at == last {
                return false;
            }
            at = if at == max { min } else { at + 1 };
            steps += 1;
        }
    })
}

/// The weekday of the month that lies nearest to a day of it, by trying all.
fn nearest_weekday(day: Day, wanted: u32) -> Option<u32> {
    let weekday_of = |other: u32| (day.weekday + 35 + other - day.day - 1) % 7 + 1;
    let weekdays = (1..=day.month_days).filter(|other| (2..=6).contains(&weekday_of(*other)));
    (wanted <= day.month_days).then(|| weekdays.min_by_key(|other| other.abs_diff(wanted)))?
}

/// A number, or the name of a month or a day.
fn number(text: &str) -> u32 {
    let place = |names: &[&str]| names.iter().position(|name| text.eq_ignore_ascii_case(name));
    match place(&MONTHS).or_else(|| place(&DAYS)) {
        Some(place) => u32::try_from(place).unwrap() + 1,
        None => text.parse().unwrap(),
    }
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

fn allows_day(day: Day, of_month: &str, of_week: &str) -> bool {
    match (of_month, of_week) {
        ("L", _) => day.day == day.month_days,
        ("LW", _) => nearest_weekday(day, day.month_days) == Some(day.day),
        ("?", "L") => day.weekday == 7,
        ("?", week) => match (week.split_once('#'), week.strip_suffix('L')) {
            (Some((weekday, nth)), _) => {
                day.weekday == number(weekday) && (day.day - 1) / 7 + 1 == number(nth)
            }
            (None, Some(weekday)) => day.weekday == number(weekday) && day.day + 7 > day.month_days,
            (None, None) => allows(week, day.weekday, 7),
        },
        (month, _) => match month.strip_suffix('W') {
            Some(wanted) => nearest_weekday(day, wanted.parse().unwrap()) == Some(day.day),
            None => allows(month, day.day, 31),
        },
    }
}

/// The first minute after `after` (minutes since 1970) within the horizon, by trying each.
fn reference(fields: &[String; 5], after: u64) -> Option<u64> {
    let [minutes, hours, of_month, months, of_week] = fields.each_ref().map(String::as_str);
    let days = calendar();
    let mut minute = after;
    while minute < after + HORIZON_DAYS * 1440 {
        minute += 1;
        let (hour_of_day, minute_of_hour) = (minute / 60 % 24, minute % 60);
        let day = days[usize::try_from(minute / 1440 - FIRST_DAY).unwrap()];
        if minute_of_hour == 0 || minute == after + 1 || minute.is_multiple_of(1440) {
            let hour_fits = allows(hours, u32::try_from(hour_of_day).unwrap(), 23);
            let day_fits = allows(months, day.month, 12) && allows_day(day, of_month, of_week);
            if !hour_fits || !day_fits {
                // None of this hour's minutes can fit: they are gone through, but not looked at again.
                minute += 59 - minute_of_hour;
                continue;
            }
        }
        if allows(minutes, u32::try_from(minute_of_hour).unwrap(), 59) {
            return Some(minute);
        }
    }
    None
}

/// A value as a number or, every other month and day, by its name.
fn said(value: u32, max: u32) -> String {
    let names: &[&str] = match max {
        7 => &DAYS,
        12 => &MONTHS,
        _ => &[],
    };
    let name = usize::try_from(value).ok().and_then(|value| names.get(value.wrapping_sub(1)));
    name.filter(|_| value.is_multiple_of(2)).map_or_else(|| value.to_string(), |name| (*name).to_owned())
}

/// A list of values, ranges and steps between two bounds.
fn list(min: u32, max: u32) -> impl Strategy<Value = String> {
    // A range may go round: 22-2, FRI-MON.
    let range = (min..=max, min..=max).prop_map(move |(a, b)| format!("{}-{}", said(a, max), said(b, max)));
    let item = prop_oneof![
        (min..=max).prop_map(move |value| said(value, max)),
        range.clone(),
        (min..=max, 1..=max).prop_map(|(first, step)| format!("{first}/{step}")),
        (range, 1..=max).prop_map(|(range, step)| format!("{range}/{step}")),
        (1..=max).prop_map(|step| format!("*/{step}")),
        Just("*".to_owned()),
    ];
    proptest::collection::vec(item, 1..3).prop_map(|items| items.join(","))
}

/// Day of month and day of week.
fn days() -> impl Strategy<Value = (String, String)> {
    let of_month = prop_oneof![
        list(1, 31),
        Just("L".to_owned()),
        Just("LW".to_owned()),
        (1..=31_u32).prop_map(|day| format!("{day}W"))
    ];
    let of_week = prop_oneof![
        list(1, 7),
        Just("L".to_owned()),
        (1..=7_u32).prop_map(|day| format!("{day}L")),
        (1..=7_u32, 1..=5_u32).prop_map(|(day, nth)| format!("{day}#{nth}"))
    ];
    prop_oneof![
        of_month.prop_map(|days| (days, "?".to_owned())),
        of_week.prop_map(|days| ("?".to_owned(), days)),
    ]
}

proptest! {
    #[test]
    fn cron_finds_what_trying_every_minute_finds(
        minutes in list(0, 59),
        hours in list(0, 23),
        (of_month, of_week) in days(),
        months in list(1, 12),
        start in 0..1_440_u64 * 1_800,
        seconds in 0..60_u64,
    ) {
        let expression = format!("cron({minutes} {hours} {of_month} {months} {of_week} *)");
        let schedule = Schedule::parse(&expression);
        prop_assert!(schedule.is_some(), "{}", expression);
        let after = FIRST_DAY * 1440 + start;
        let moment = Timestamp::from_unix_ms((after * 60 + seconds) * 1000);
        let next = schedule.and_then(|schedule| schedule.next_after(moment));
        let found = next.map(|next| next.unix_seconds() / 60);
        match reference(&[minutes, hours, of_month, months, of_week], after) {
            Some(minute) => prop_assert_eq!(found, Some(minute), "{}", expression),
            None => {
                let horizon = after + 1440 * HORIZON_DAYS;
                prop_assert!(found.is_none_or(|minute| minute > horizon), "{} {:?}", expression, found);
            }
        }
    }

    #[test]
    fn a_rate_comes_at_every_step_and_only_the_next_one(
        count in 2..500_u64,
        (unit, minutes) in prop_oneof![Just(("minutes", 1)), Just(("hours", 60)), Just(("days", 1440))],
        last in 0..100_000_000_000_u64,
        late in 0..100_000_000_000_u64,
    ) {
        let rate = Schedule::parse(&format!("rate({count} {unit})")).unwrap();
        let period = count * minutes * 60_000;
        let mut next = last + period;
        while next <= last + late {
            next += period;
        }
        let found = rate.next_since(Timestamp::from_unix_ms(last), Timestamp::from_unix_ms(last + late));
        prop_assert_eq!(found.map(Timestamp::unix_ms), Some(next));
    }

    #[test]
    fn no_text_stops_the_reader(text in "(rate|cron)\\([ -~]{0,30}\\)|\\PC{0,40}") {
        if let Some(schedule) = Schedule::parse(&text) {
            let moment = Timestamp::from_unix_ms(1_773_921_600_000);
            prop_assert!(schedule.next_after(moment).is_none_or(|next| next > moment));
        }
    }
}
