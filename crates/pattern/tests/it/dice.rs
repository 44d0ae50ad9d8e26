//! Random events and patterns from a seed, for tests.

use serde_json::{Map, Value, json};

/// Numbers from a seed: the same seed, the same numbers (xorshift64*).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % n
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Any object: few keys and few values, so that patterns meet events.
    pub(crate) fn object(&mut self, depth: usize) -> Value {
        let mut object = Map::new();
        for _ in 0..=self.below(4) {
            let key = *self.pick(&["a", "b", "c", "d", "a.b", "ab"]);
            let value = self.value(depth);
            object.insert(key.to_owned(), value);
        }
        Value::Object(object)
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0..=5 => self.scalar(),
            6 | 7 => self.object(depth - 1),
            8 => (0..self.below(4)).map(|_| self.object(depth - 1)).collect(),
            _ => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
        }
    }

    pub(crate) fn scalar(&mut self) -> Value {
        self.pick(&[
            json!("x"),
            json!("y"),
            json!("xy"),
            json!("X"),
            json!(""),
            json!("10.0.0.1"),
            json!(1),
            json!(2),
            json!(1.5),
            json!(-3),
            json!(true),
            json!(false),
            Value::Null,
        ])
        .clone()
    }

    /// Any valid pattern over the same keys and values.
    pub(crate) fn pattern(&mut self, depth: usize) -> Value {
        let mut object = Map::new();
        for _ in 0..=self.below(2) {
            let key = *self.pick(&["a", "b", "c", "d", "a.b"]);
            let below = if depth > 0 && self.one_in(3) { self.pattern(depth - 1) } else { self.list() };
            object.insert(key.to_owned(), below);
        }
        if depth > 0 && self.one_in(4) {
            let branches = (0..2 + self.below(2)).map(|_| self.pattern(depth - 1)).collect();
            object.insert("$or".to_owned(), branches);
        }
        Value::Object(object)
    }

    fn list(&mut self) -> Value {
        (0..=self.below(4)).map(|_| self.leaf()).collect()
    }

    fn leaf(&mut self) -> Value {
        match self.below(14) {
            0..=4 => self.scalar(),
            5 => json!({"prefix": *self.pick(&["x", "", "1"])}),
            6 => json!({"suffix": {"equals-ignore-case": "Y"}}),
            7 => json!({"equals-ignore-case": "x"}),
            8 => json!({"wildcard": *self.pick(&["x*", "*", "*y*"])}),
            9 => json!({"numeric": [">", -3, "<=", 1.5]}),
            10 => json!({"cidr": "10.0.0.0/8"}),
            11 => json!({"anything-but": *self.pick(&["x", "y"])}),
            12 => json!({"exists": true}),
            _ => json!({"exists": false}),
        }
    }
}
