//! hybrid_vad: the detector of fast_vad, and a second opinion from the service VoiceActivityDetector where it is in doubt.
//!
//! The service sees the last `context_ms` of audio, not the one item alone: 20 ms say nothing to a detector that has just
//! started. Its answer stands for `answer_items` items, which bounds the audio sent (the context may be much longer than an
//! item). When a call fails the own answer counts, and further calls are held back: for 8 items after the first failure,
//! twice as many after each further one, up to 512.
#![no_std]

mod detector;

use detector::{Detector, Options, Summary, RATE_HZ};
use rme_module::{export, log, remote_call, Error, Json, Level, Module, Output, Params, RemoteError};

const CONTEXT_MAX: usize = RATE_HZ; // samples
const REPLY_MAX: usize = 4096;
const BACKOFF_FIRST: u32 = 8; // items
const BACKOFF_DOUBLINGS: u32 = 6;
const RESULT_MAX: usize = 320;
const SERVICE: &str = "VoiceActivityDetector";

/// Who decided an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Edge,
    Cloud,
    Timeout,
    Offline,
    Denied,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Source::Edge => "edge",
            Source::Cloud => "cloud",
            Source::Timeout => "edge-timeout",
            Source::Offline => "edge-offline",
            Source::Denied => "edge-denied",
        }
    }
}

/// The newest samples, at the end of `samples[..n]`.
struct Context {
    samples: [i16; CONTEXT_MAX],
    n: usize,
    most: usize,
}

impl Context {
    fn remember(&mut self, pcm: &[i16]) {
        let most = self.most;
        if pcm.len() >= most {
            self.samples[..most].copy_from_slice(&pcm[pcm.len() - most..]);
            self.n = most;
            return;
        }
        let keep = self.n.min(most - pcm.len());
        self.samples.copy_within(self.n - keep..self.n, 0);
        self.samples[keep..keep + pcm.len()].copy_from_slice(pcm);
        self.n = keep + pcm.len();
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: any two bytes of a sample are bytes; wasm and our hosts are little-endian, as s16le is.
        unsafe { core::slice::from_raw_parts(self.samples.as_ptr().cast(), self.n * 2) }
    }
}

/// Calls that failed, and how long none is made.
struct Backoff {
    why: Source,
    failures: u32,
    left: u32,
}

impl Backoff {
    fn failed(&mut self, why: Source) -> Source {
        self.left = BACKOFF_FIRST << self.failures.min(BACKOFF_DOUBLINGS);
        self.failures = self.failures.saturating_add(1);
        self.why = why;
        why
    }
}

pub struct HybridVad {
    detector: Detector,
    last: Option<Summary>,
    threshold: f32,
    doubt_low: f32,
    doubt_high: f32,
    context: Context,
    /// The last answer of the service is good for `answer_left` items.
    cloud_probability: f32,
    answer_items: u32,
    answer_left: u32,
    backoff: Backoff,
    reply: [u8; REPLY_MAX],
}

/// What the service says about the end of the context: 0..1.
fn read_reply(reply: &[u8]) -> Option<f32> {
    let reply = Json(reply);
    for key in ["last_probability", "probability"] {
        if let Some(v) = reply.get(key).and_then(Json::number).filter(|v| (0.0..=1.0).contains(v)) {
            return Some(v as f32);
        }
    }
    reply.get("is_speech").map(|v| if v.boolean() == Some(true) { 1.0 } else { 0.0 })
}

impl HybridVad {
    /// Ask the service. On Source::Cloud, cloud_probability is set.
    fn ask(&mut self) -> Source {
        let reply = match remote_call(SERVICE, self.context.bytes(), &mut self.reply) {
            Ok(reply) => reply,
            Err(RemoteError::NotGranted) => return self.backoff.failed(Source::Denied),
            Err(RemoteError::Deadline) => return self.backoff.failed(Source::Timeout),
            Err(_) => return self.backoff.failed(Source::Offline),
        };
        match read_reply(reply) {
            Some(p) => {
                self.backoff.failures = 0;
                self.cloud_probability = p;
                self.answer_left = self.answer_items;
                Source::Cloud
            }
            None => {
                log(Level::Warning, "VoiceActivityDetector answered without is_speech or probability");
                self.backoff.failed(Source::Offline)
            }
        }
    }

    fn choose(&mut self, p: f32) -> Source {
        self.backoff.left = self.backoff.left.saturating_sub(1);
        self.answer_left = self.answer_left.saturating_sub(1);
        if p <= self.doubt_low || p >= self.doubt_high {
            Source::Edge
        } else if self.answer_left > 0 {
            Source::Cloud
        } else if self.backoff.left > 0 {
            self.backoff.why
        } else {
            self.ask()
        }
    }
}

/// The samples of an item where they are.
fn samples(input: &[u8]) -> Result<&[i16], Error> {
    // SAFETY: any two bytes are a sample, and our hosts are little-endian.
    match unsafe { input.align_to::<i16>() } {
        ([], pcm, []) => Ok(pcm),
        _ => Err(Error::BadInput("s16le audio has an even number of bytes")),
    }
}

impl Module for HybridVad {
    fn new() -> Self {
        HybridVad {
            detector: Detector::new(),
            last: None,
            threshold: 0.5,
            doubt_low: 0.3,
            doubt_high: 0.7,
            context: Context { samples: [0; CONTEXT_MAX], n: 0, most: 0 },
            cloud_probability: 0.0,
            answer_items: 10,
            answer_left: 0,
            backoff: Backoff { why: Source::Offline, failures: 0, left: 0 },
            reply: [0; REPLY_MAX],
        }
    }

    fn configure(&mut self, p: &Params) -> Result<(), Error> {
        let share = |name, default, wrong| p.number(name, default, 0.0, 1.0, wrong).map(|v| v as f32);
        let hold_ms = p.number("hold_ms", 0.0, 0.0, 10000.0, "hold_ms: a time from 0 to 10000 ms is wanted")?;
        let options = Options {
            threshold: share("threshold", 0.5, "threshold: a probability from 0 to 1 is wanted")?,
            speech_ratio: share("speech_threshold", 0.3, "speech_threshold: a share from 0 to 1 is wanted")?,
            hold: (hold_ms / 10.0) as u32,
            low_latency: i32::from(p.boolean("low_latency", false, "low_latency: true or false is wanted")?),
        };
        self.threshold = options.threshold;
        self.detector.init(&options);
        self.doubt_low = share("doubt_low", 0.3, "doubt_low: a probability from 0 to 1 is wanted")?;
        self.doubt_high = share("doubt_high", 0.7, "doubt_high: a probability from 0 to 1 is wanted")?;
        let ms = p.number("context_ms", 300.0, 20.0, 1000.0, "context_ms: a time from 20 to 1000 ms is wanted")?;
        self.context.most = (ms * (RATE_HZ / 1000) as f64) as usize;
        let items = p.number("answer_items", 10.0, 1.0, 1000.0, "answer_items: a number from 1 to 1000 is wanted")?;
        self.answer_items = items as u32;
        Ok(())
    }

    fn result_bound(&self, _input: usize) -> usize {
        RESULT_MAX
    }

    fn process(&mut self, input: &[u8], out: &mut Output) -> Result<(), Error> {
        let pcm = samples(input)?;
        let mut summary = self.detector.push(pcm);
        self.context.remember(pcm);
        let edge_probability = summary.probability;
        let source = self.choose(edge_probability);
        if source == Source::Cloud {
            summary.probability = self.cloud_probability;
            summary.is_speech = i32::from(self.cloud_probability >= self.threshold);
        }
        self.last = Some(summary);
        out.text("{");
        summary.report(out);
        out.text(",\"edge_probability\":");
        out.number(f64::from(edge_probability), 4);
        out.text(",\"source\":\"");
        out.text(source.name());
        out.text("\"}");
        Ok(())
    }

    fn reset(&mut self) {
        self.detector.reset();
        self.last = None;
        self.context.n = 0;
        self.answer_left = 0;
    }

    fn confidence(&mut self) -> Option<f32> {
        self.last.map(|s| s.confidence())
    }
}

export!(HybridVad; confidence);
