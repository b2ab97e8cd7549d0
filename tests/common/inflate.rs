//! An inflater that is independent of the crate and of zlib, small rather than fast. It reports how far back
//! a compressor has referred.

/// The receiving end of one direction of a connection.
#[derive(Default)]
pub(crate) struct Inflater {
    /// Everything that has been inflated.
    data: Vec<u8>,
    /// The largest distance of all matches.
    pub(crate) largest_distance: usize,
}

impl Inflater {
    /// Inflates a message from which the sender has taken the tail (RFC 7692, 7.2.2).
    pub(crate) fn message(&mut self, payload: &[u8]) -> Vec<u8> {
        let start = self.data.len();
        let stream = [payload, &[0, 0, 0xff, 0xff]].concat();
        let mut bits = Bits { bytes: &stream, at: 0 };
        while bits.at < stream.len() * 8 {
            self.block(&mut bits);
        }
        self.data[start..].to_vec()
    }

    fn block(&mut self, bits: &mut Bits<'_>) {
        assert_eq!(bits.take(1), 0, "a sender of this crate sets no BFINAL");
        match bits.take(2) {
            0 => {
                bits.at = bits.at.next_multiple_of(8);
                let (len, complement) = (bits.take(16), bits.take(16));
                assert_eq!(len, complement ^ 0xffff);
                for _ in 0..len {
                    let byte = bits.take(8);
                    self.data.push(u8::try_from(byte).unwrap());
                }
            }
            1 => {
                let mut lengths = [8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                self.compressed(bits, &Code::new(&lengths), &Code::new(&[5; 30]));
            }
            2 => {
                let (literals, distances) = dynamic(bits);
                self.compressed(bits, &literals, &distances);
            }
            _ => panic!("a reserved type of block"),
        }
    }

    fn compressed(&mut self, bits: &mut Bits<'_>, literals: &Code, distances: &Code) {
        loop {
            let symbol = literals.read(bits);
            let Some(length) = symbol.checked_sub(257) else {
                let Ok(literal) = u8::try_from(symbol) else { return };
                self.data.push(literal);
                continue;
            };
            let len = LENGTHS[length] + bits.take(LENGTH_BITS[length]);
            let symbol = distances.read(bits);
            let extra = if symbol < 2 { 0 } else { symbol / 2 - 1 };
            let base = if symbol < 2 { symbol } else { (2 + symbol % 2) << extra };
            let distance = base + bits.take(extra) + 1;
            self.largest_distance = self.largest_distance.max(distance);
            let from = self.data.len().checked_sub(distance).expect("a match begins before the data");
            for at in from..from + len {
                self.data.push(self.data[at]);
            }
        }
    }
}

/// The codes of a block that brings its own.
fn dynamic(bits: &mut Bits<'_>) -> (Code, Code) {
    let (literals, distances, codes) = (bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4);
    let mut lengths = [0; 19];
    for &place in &ORDER[..codes] {
        lengths[place] = bits.take(3);
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (length, count) = match code.read(bits) {
            16 => (*lengths.last().unwrap(), 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(length, count));
    }
    let (literals, distances) = lengths.split_at(literals);
    (Code::new(literals), Code::new(distances))
}

/// A Huffman code: how many symbols have how many bits, and the symbols in the order of their codes.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let mut counts = [0; 16];
        for &length in lengths {
            counts[length] += 1;
        }
        counts[0] = 0;
        let of = |wanted: usize| (0..lengths.len()).filter(move |&symbol| lengths[symbol] == wanted);
        Self { counts, symbols: (1..16).flat_map(of).collect() }
    }

    fn read(&self, bits: &mut Bits<'_>) -> usize {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1);
            if code < first + count {
                return self.symbols[index + code - first];
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        panic!("no such code");
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> usize {
        let mut taken = 0;
        for bit in 0..count {
            let at = self.at + bit;
            taken |= usize::from(self.bytes[at / 8] >> (at % 8) & 1) << bit;
        }
        self.at += count;
        taken
    }
}

const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTHS: [usize; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
];
const LENGTH_BITS: [usize; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
