//! Parameters, and what services answer. The scanner accepts anything: what is not well-formed is simply not found.

use crate::Error;

/// A JSON value as text.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(pub &'a [u8]);

fn blank(t: &[u8], mut at: usize) -> usize {
    while matches!(t.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Past the string that starts at `at` with a quotation mark.
fn string_end(t: &[u8], mut at: usize) -> usize {
    at += 1;
    while at < t.len() && t[at] != b'"' {
        at += if t[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(t.len())
}

/// Past the value at `at`.
fn value_end(t: &[u8], mut at: usize) -> usize {
    let mut depth = 0usize;
    while at < t.len() {
        match t[at] {
            b'"' => at = string_end(t, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                if depth == 0 {
                    return at;
                }
                depth -= 1;
                at += 1;
            }
            b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => return at,
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return at;
        }
    }
    t.len()
}

impl<'a> Json<'a> {
    /// The value of a key of this object.
    pub fn get(self, key: &str) -> Option<Json<'a>> {
        let t = self.0;
        let mut at = blank(t, 0);
        if t.get(at) != Some(&b'{') {
            return None;
        }
        at = blank(t, at + 1);
        while t.get(at) == Some(&b'"') {
            let name = at + 1;
            at = string_end(t, at);
            let same = at > name && &t[name..at - 1] == key.as_bytes();
            at = blank(t, at);
            if t.get(at) != Some(&b':') {
                return None;
            }
            at = blank(t, at + 1);
            let end = value_end(t, at);
            if same {
                return if end > at { Some(Json(&t[at..end])) } else { None };
            }
            at = blank(t, end);
            if t.get(at) != Some(&b',') {
                return None;
            }
            at = blank(t, at + 1);
        }
        None
    }

    pub fn number(self) -> Option<f64> {
        let t = self.0;
        let digit = |at: usize| t.get(at).filter(|c| c.is_ascii_digit()).map(|c| f64::from(c - b'0'));
        let negative = t.first() == Some(&b'-');
        let mut at = usize::from(negative);
        let (mut v, mut scale) = (0.0f64, 0i32);
        digit(at)?;
        while let Some(d) = digit(at) {
            v = v * 10.0 + d;
            at += 1;
        }
        if t.get(at) == Some(&b'.') {
            at += 1;
            while let Some(d) = digit(at) {
                v = v * 10.0 + d;
                scale -= 1;
                at += 1;
            }
        }
        if matches!(t.get(at), Some(b'e' | b'E')) {
            let down = t.get(at + 1) == Some(&b'-');
            at += if matches!(t.get(at + 1), Some(b'-' | b'+')) { 2 } else { 1 };
            let mut e = 0i32;
            while let (Some(d), true) = (digit(at), e < 1000) {
                e = e * 10 + d as i32;
                at += 1;
            }
            scale += if down { -e } else { e };
        }
        let mut power = 1.0f64;
        for _ in 0..scale.unsigned_abs() {
            power *= 10.0;
        }
        v = if scale < 0 { v / power } else { v * power };
        (at == t.len()).then_some(if negative { -v } else { v })
    }

    pub fn boolean(self) -> Option<bool> {
        match self.0 {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// The inside of a string, as it is written: escapes are not replaced.
    pub fn text(self) -> Option<&'a str> {
        let inside = self.0.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        core::str::from_utf8(inside).ok()
    }
}

/// The parameters that the module is configured with, and the media format of its items.
pub struct Params<'a> {
    config: Json<'a>,
}

impl<'a> Params<'a> {
    pub fn new(config: &'a [u8]) -> Self {
        Params { config: Json(config) }
    }

    pub fn get(&self, name: &str) -> Option<Json<'a>> {
        self.config.get("params")?.get(name)
    }

    /// Such as "audio/pcm;format=s16le;rate=16000;channels=1"; empty where it is not known.
    pub fn input(&self) -> &'a str {
        self.config.get("input").and_then(Json::text).unwrap_or("")
    }

    /// A number within `min..=max`; `wrong` is the text of the error.
    pub fn number(&self, name: &str, default: f64, min: f64, max: f64, wrong: &'static str) -> Result<f64, Error> {
        match self.get(name) {
            None => Ok(default),
            Some(v) => v.number().filter(|v| *v >= min && *v <= max).ok_or(Error::BadInput(wrong)),
        }
    }

    pub fn boolean(&self, name: &str, default: bool, wrong: &'static str) -> Result<bool, Error> {
        self.get(name).map_or(Ok(default), |v| v.boolean().ok_or(Error::BadInput(wrong)))
    }

    pub fn text(&self, name: &str, default: &'static str, wrong: &'static str) -> Result<&'a str, Error> {
        self.get(name).map_or(Ok(default), |v| v.text().ok_or(Error::BadInput(wrong)))
    }
}
