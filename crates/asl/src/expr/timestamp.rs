//! Points in time as texts: Java's "ISO-8601 extended offset date-time", which AWS names in its errors.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::{Offset, TimeZone},
};

use crate::expr::cursor::Cursor;

/// Reads `2016-08-18T17:33:00Z`, `2016-08-18T17:33:00.123+02:00`; seconds may be left out, an offset may not.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let mut cursor = Cursor::new(text);
    let year = digits(&mut cursor, 4)?;
    let month = after(&mut cursor, "-")?;
    let day = after(&mut cursor, "-")?;
    if !cursor.eat("T") && !cursor.eat("t") {
        return None;
    }
    let hour = digits(&mut cursor, 2)?;
    let minute = after(&mut cursor, ":")?;
    let (second, nanosecond) = seconds(&mut cursor)?;
    let offset = offset(&mut cursor)?;
    if !cursor.is_at_end() {
        return None;
    }
    let date = Date::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok()?;
    let time = Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, nanosecond).ok()?;
    date.to_datetime(time).to_zoned(TimeZone::fixed(offset)).ok().map(|zoned| zoned.timestamp())
}

fn narrow(number: i32) -> Option<i8> {
    i8::try_from(number).ok()
}

fn digits(cursor: &mut Cursor<'_>, count: usize) -> Option<i32> {
    let mut number = 0;
    for _ in 0..count {
        let digit = cursor.bump()?.to_digit(10)?;
        number = number * 10 + i32::try_from(digit).ok()?;
    }
    Some(number)
}

fn after(cursor: &mut Cursor<'_>, mark: &str) -> Option<i32> {
    if cursor.eat(mark) { digits(cursor, 2) } else { None }
}

/// Seconds and nanoseconds, or none of both.
fn seconds(cursor: &mut Cursor<'_>) -> Option<(i32, i32)> {
    if cursor.peek() != Some(':') {
        return Some((0, 0));
    }
    let second = after(cursor, ":")?;
    if !cursor.eat(".") {
        return Some((second, 0));
    }
    let fraction = cursor.take_while(|c| c.is_ascii_digit());
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    Some((second, format!("{fraction:0<9}").parse().ok()?))
}

fn offset(cursor: &mut Cursor<'_>) -> Option<Offset> {
    if cursor.eat("Z") || cursor.eat("z") {
        return Some(Offset::UTC);
    }
    let sign = match cursor.bump()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let hours = digits(cursor, 2)?;
    let minutes = after(cursor, ":")?;
    // Java's offsets end at 18 hours.
    let seconds = hours * 3600 + minutes * 60;
    if minutes > 59 || seconds > 18 * 3600 {
        return None;
    }
    Offset::from_seconds(sign * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn texts_that_are_points_in_time() {
        let same = parse("2012-10-09T19:00:55Z");
        assert!(same.is_some());
        assert_eq!(parse("2012-10-09T20:00:55.000+01:00"), same);
        assert_eq!(parse("2012-10-09t19:00:55z"), same);
        assert!(parse("2012-10-09T19:00Z").is_some());
    }

    #[test]
    fn texts_that_are_none() {
        for text in [
            "",
            "2023-02-24",
            "2012-10-09T19:00:55",
            "2016-12-05 21:29:29Z",
            "05-12-2016T21:29:29Z",
            "2016-13-05T21:29:29Z",
            "2016-12-05T25:29:29Z",
            "2016-12-05T21:29:29+0100",
            "2016-12-05T21:29:29.Z",
            "2016-12-05T21:29:29Zx",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
