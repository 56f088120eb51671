//! Typed reading of an input and writing of a result. Prints the same bytes as the C SDK (rme_guest_io.h).

use crate::Error;

/// The result under construction; what does not fit is dropped, and fails the item.
pub struct Output<'a> {
    data: &'a mut [u8],
    len: usize,
    overflow: bool,
}

impl<'a> Output<'a> {
    pub fn new(data: &'a mut [u8]) -> Self {
        Output { data, len: 0, overflow: false }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.data[..self.len]
    }

    pub(crate) fn overflowed(&self) -> bool {
        self.overflow
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        match self.data.get_mut(self.len..self.len + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.overflow = true,
        }
    }

    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// One s16le sample, rounded to nearest (halves away from zero) and limited; NaN gives 0.
    pub fn sample_s16(&mut self, v: f32) {
        let v = if v > 32767.0 {
            32767.0
        } else if v < -32768.0 {
            -32768.0
        } else {
            v
        };
        let rounded = if v < 0.0 { v - 0.5 } else { v + 0.5 };
        self.bytes(&(rounded as i16).to_le_bytes());
    }

    pub fn sample_f32(&mut self, v: f32) {
        self.bytes(&v.to_le_bytes());
    }

    pub fn bool(&mut self, v: bool) {
        self.text(if v { "true" } else { "false" });
    }

    pub fn uint(&mut self, mut v: u64) {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (v % 10) as u8;
            v /= 10;
            if v == 0 {
                break;
            }
        }
        self.bytes(&digits[at..]);
    }

    /// With `decimals` digits (0..=9) after the point, rounded; "null" where JSON has no number for it (NaN, beyond 1e9).
    pub fn number(&mut self, v: f64, decimals: u32) {
        let scale = 10u64.pow(decimals.min(9));
        let size = if v < 0.0 { -v } else { v };
        if !(size <= 1e9) {
            self.text("null");
            return;
        }
        let fixed = (size * scale as f64 + 0.5) as u64;
        if v < 0.0 && fixed > 0 {
            self.text("-");
        }
        self.uint(fixed / scale);
        if decimals > 0 {
            let mut digits = [b'.'; 10];
            let mut rest = fixed % scale;
            let n = decimals.min(9) as usize;
            for digit in digits[1..=n].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            self.bytes(&digits[..=n]);
        }
    }

    /// A JSON string with its quotation marks; control characters and quotes are escaped.
    pub fn json_string(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.text("\"");
        for &c in text.as_bytes() {
            match c {
                b'"' | b'\\' => self.bytes(&[b'\\', c]),
                0..=0x1f => self.bytes(&[b'\\', b'u', b'0', b'0', HEX[(c >> 4) as usize], HEX[(c & 15) as usize]]),
                _ => self.bytes(&[c]),
            }
        }
        self.text("\"");
    }
}

/// The samples of s16le audio.
pub fn samples_s16(input: &[u8]) -> Result<impl ExactSizeIterator<Item = i16> + '_, Error> {
    if input.len() % 2 != 0 {
        return Err(Error::BadInput("s16le audio has an even number of bytes"));
    }
    Ok(input.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])))
}

/// The samples of f32le audio.
pub fn samples_f32(input: &[u8]) -> Result<impl ExactSizeIterator<Item = f32> + '_, Error> {
    if input.len() % 4 != 0 {
        return Err(Error::BadInput("f32le audio has a multiple of four bytes"));
    }
    Ok(input.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])))
}
