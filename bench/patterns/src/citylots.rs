//! Events and rules of the shape of event-ruler's own benchmark: parcels of land, about 1 kB each, most of it an array
//! of coordinates. Names and numbers are made up here; how often a rule matches is about as there.

use crate::random::Random;

/// Rule sets by name: five rules for each operator, then all of them.
pub const SETS: [&str; 15] = [
    "EXACT", "WILDCARD", "PREFIX", "PREFIX_EIC", "SUFFIX", "SUFFIX_EIC", "EQUALS_IGNORE_CASE", "NUMERIC",
    "ANYTHING_BUT", "ANYTHING_BUT_EIC", "ANYTHING_BUT_PREFIX", "ANYTHING_BUT_SUFFIX", "ANYTHING_BUT_WILDCARD",
    "COMPLEX_ARRAYS", "COMBO",
];

/// Street and how many of 10,000 parcels lie there.
const STREETS: [(&str, u64); 24] = [
    ("ACORN", 2), ("BLOSSOM", 20), ("DROVER", 2), ("FULLER", 90), ("FURNACE", 22), ("RHINE", 15), ("MARSTON", 125),
    ("CAPSTONE", 40), ("LINTON", 10), ("LARKE", 30), ("KINGLING", 90), ("TANGO", 30), ("JEFFRIES", 6),
    ("BEECHER", 10), ("HYDRA", 80), ("CHESTERTON", 40), ("MISSIVE", 200), ("UNITY", 150), ("NORIA", 90),
    ("WASHBURN", 80), ("GARDENIA", 40), ("CLOVER", 100), ("17TH", 60), ("UNKNOWN", 60),
];
const REST: [&str; 16] = [
    "FOLLY", "CRANE", "MARKER", "VALENTINE", "JUDGE", "TARPAN", "ULLAGE", "ORTOLAN", "PACHYDERM", "QUINCE", "RIVETER",
    "VINCENTIAN", "WAXWING", "KIRKMAN", "HAVEN", "OAKUM",
];
/// A longitude that one parcel in a thousand has, and a latitude that none has.
const LONGITUDE: &str = "-122.42916361112223";
const LATITUDE: &str = "37.72990021";

pub fn events(count: usize) -> Vec<String> {
    let mut random = Random::new(20);
    (0..count).map(|_| event(&mut random)).collect()
}

fn street(r: &mut Random) -> &'static str {
    let mut at = r.below(10_000);
    for (street, weight) in STREETS {
        if at < weight {
            return street;
        }
        at -= weight;
    }
    REST[(at % REST.len() as u64) as usize]
}

fn event(r: &mut Random) -> String {
    let lot = match r.below(10_000) {
        0..5 => "2607117".to_owned(),
        5..7 => "2607218".to_owned(),
        7..37 => "3745012".to_owned(),
        37 => "VACANTLOT".to_owned(),
        _ => format!("{:04}{:03}", 1 + r.below(7399), 1 + r.below(139)),
    };
    let (block, number) = (&lot[..4], &lot[4..]);
    let kind = match r.below(1000) {
        0..546 => "\"ST\"",
        546..555 => "\"CT\"",
        555..800 => "\"AVE\"",
        800..830 => "\"DR\"",
        830..860 => "\"BLVD\"",
        860..871 => "\"TER\"",
        _ => "null",
    };
    let from = if r.below(1000) < 12 { 441 } else { 1 + r.below(4299) };
    let (x, y) = (-122.515 + 0.14 * (r.unit() + r.unit()) / 2.0, 37.708 + 0.1 * r.unit());
    let mut points: Vec<(String, String)> = (0..5 + (-r.unit().ln() * 5.2) as usize)
        .map(|_| (format!("{}", x + 6e-4 * (r.unit() - 0.5)), format!("{}", y + 6e-4 * (r.unit() - 0.5))))
        .collect();
    if r.below(1000) == 0 {
        points[0].0 = LONGITUDE.to_owned();
    }
    let multi = r.below(1800) == 0;
    let list: Vec<String> =
        points.iter().map(|(x, y)| format!(r#"{{ "x": {x}, "y": {y}, "z": 0 }}"#)).collect();
    let list = list.join(", ");
    format!(
        concat!(
            r#"{{ "type": "Feature", "properties": {{ "MAPBLKLOT": "{lot}", "BLKLOT": "{lot}", "BLOCK_NUM": "{block}", "#,
            r#""LOT_NUM": "{number}", "FROM_ST": "{from}", "TO_ST": "{from}", "STREET": "{street}", "ST_TYPE": {kind}, "#,
            r#""ODD_EVEN": "{odd}" }}, "geometry": {{ "type": "{multi}Polygon", "firstCoordinates": {{ "x": {x}, "y": {y}, "#,
            r#""z": 0 }}, "coordinates": [ [ {open}{list}{close} ] ] }} }}"#
        ),
        street = street(r), odd = r.pick(&["E", "O"]), multi = if multi { "Multi" } else { "" },
        x = points[0].0, y = points[0].1, open = if multi { "[ " } else { "" }, close = if multi { " ]" } else { "" },
        lot = lot, block = block, number = number, from = from, kind = kind, list = list,
    )
}

/// The patterns of a set.
pub fn rules(set: &str) -> Vec<String> {
    let lots = ["1430022", "2607117", "2607218", "3745012", "VACANTLOT"];
    let globs = ["143*", "2*0*1*7", "*218", "3*5*2", "VA*OT"];
    let on = |field: &str, matcher: String| format!(r#"{{"properties":{{"{field}":[{matcher}]}}}}"#);
    let lot = |values: [&str; 5], wrap: &str| values.map(|v| on("MAPBLKLOT", wrap.replace('@', v))).to_vec();
    let streets = |values: [&str; 5], wrap: &str| values.map(|v| on("STREET", wrap.replace('@', v))).to_vec();
    // Two streets, a kind, the geometry, a number.
    let but = |values: [&str; 5], wrap: &str| {
        let [first, second, kind, geometry, from] = values.map(|v| wrap.replace('@', v));
        let geometry = format!(r#"{{"geometry":{{"type":[{geometry}]}}}}"#);
        vec![on("STREET", first), on("STREET", second), on("ST_TYPE", kind), geometry, on("FROM_ST", from)]
    };
    match set {
        "EXACT" => lot(lots, r#""@""#),
        "WILDCARD" => lot(globs, r#"{"wildcard":"@"}"#),
        "PREFIX" => streets(["AC", "BL", "DR", "FU", "RH"], r#"{"prefix":"@"}"#),
        "PREFIX_EIC" => streets(["Ac", "bL", "dR", "Fu", "rH"], r#"{"prefix":{"equals-ignore-case":"@"}}"#),
        "SUFFIX" => streets(["ON", "KE", "MM", "ING", "GO"], r#"{"suffix":"@"}"#),
        "SUFFIX_EIC" => streets(["oN", "Ke", "mM", "InG", "gO"], r#"{"suffix":{"equals-ignore-case":"@"}}"#),
        "EQUALS_IGNORE_CASE" => {
            let mut rules = streets(["jeffries", "bEeChEr", "HyDrA", "CHESTERTON", ""], r#"{"equals-ignore-case":"@"}"#);
            rules[4] = on("ST_TYPE", r#"{"equals-ignore-case":"st"}"#.to_owned());
            rules
        }
        "NUMERIC" => numeric("firstCoordinates", "z", "0"),
        "ANYTHING_BUT" => but(["FULLER", "MARSTON", "ST", "Polygon", "441"], r#"{"anything-but":["@"]}"#),
        "ANYTHING_BUT_EIC" => {
            but(["Fuller", "Marston", "st", "polygon", "441"], r#"{"anything-but":{"equals-ignore-case":["@"]}}"#)
        }
        "ANYTHING_BUT_PREFIX" => but(["FULLE", "MARST", "S", "Poly", "44"], r#"{"anything-but":{"prefix":"@"}}"#),
        "ANYTHING_BUT_SUFFIX" => but(["ULLER", "RSTON", "T", "olygon", "41"], r#"{"anything-but":{"suffix":"@"}}"#),
        "ANYTHING_BUT_WILDCARD" => lot(globs, r#"{"anything-but":{"wildcard":"@"}}"#),
        "COMPLEX_ARRAYS" => numeric("coordinates", "y", LATITUDE),
        _ => ["NUMERIC", "EXACT", "PREFIX", "ANYTHING_BUT", "ANYTHING_BUT_EIC", "ANYTHING_BUT_PREFIX",
            "ANYTHING_BUT_SUFFIX", "ANYTHING_BUT_WILDCARD", "COMPLEX_ARRAYS"].iter().flat_map(|set| rules(set)).collect(),
    }
}

fn numeric(field: &str, second: &str, value: &str) -> Vec<String> {
    let typed = |kind: &str, axis: &str, value: &str| {
        format!(r#"{{"geometry":{{"type":["{kind}"],"{field}":{{"{axis}":[{{"numeric":["=",{value}]}}]}}}}}}"#)
    };
    let ranged =
        |range: &str| format!(r#"{{"geometry":{{"{field}":{{"x":[{{"numeric":[{range}]}}]}}}}}}"#);
    vec![
        typed("Polygon", "x", LONGITUDE),
        typed("MultiPolygon", second, value),
        ranged(r#""<",-122.44600944012424"#),
        ranged(r#"">",-122.44600944012424"#),
        ranged(r#"">",-122.46471267081272,"<",-122.4063085128395"#),
    ]
}
