//! Operators and functions, by the kind that they give.

use super::values::{KINDS, Kind, PATTERNS, integer_literal, text_literal};
use super::writer::{Base, Type, Wanted, Writer, operand, receiver};

pub(super) const FLAG: Wanted = Wanted { kind: Kind::Flag, missing: false };

impl Writer<'_, '_> {
    pub fn flag(&mut self) -> String {
        match self.choices.weighted(&[30, 18, 5, 7, 10, 14, 7, 6, 4, 2, 2, 3, 3]) {
            0 => self.comparison(),
            1 => {
                let sign = *self.choices.pick(&[" && ", " || "]);
                let count = self.choices.between(2, 3);
                let parts: Vec<String> = (0..count).map(|_| operand(self.value(Kind::Flag, false))).collect();
                parts.join(sign)
            }
            2 => format!("!{}", receiver(self.value(Kind::Flag, false))),
            3 => {
                let kind = *self.choices.pick(&KINDS);
                let value = operand(self.value(kind, true));
                let sign = self.choices.pick(&["==", "!="]);
                if self.choices.percent(10) {
                    format!("() {sign} {value}")
                } else {
                    format!("{value} {sign} ()")
                }
            }
            4 => self.membership(),
            5 => self.text_test(),
            6 => self.some_or_all(),
            7 => self.listed(),
            8 => self.property(),
            9 => self.well_typed(|writer| writer.binary_of(&["&", "|", "^"], Kind::Flag, false)),
            10 => {
                let kind = *self.choices.pick(&KINDS);
                let (a, b) = (operand(self.list(kind, true)), operand(self.list(kind, true)));
                format!("{a} {} {b}", self.choices.pick(&["==", "!="]))
            }
            11 => {
                let kind = *self.choices.pick(&[Kind::Text, Kind::Integer, Kind::Number]);
                let whole = match kind {
                    Kind::Integer if self.choices.percent(40) => self.range(),
                    Kind::Text if self.choices.percent(40) => self.value(Kind::Text, true),
                    kind => self.list(kind, true),
                };
                let part = self.value(kind, true);
                self.call("contains", vec![whole, part])
            }
            _ => {
                let value = operand(self.value(Kind::Flag, true));
                let sign = self.choices.pick(&["==", "!="]);
                let other =
                    if self.choices.percent(70) { "true".to_owned() } else { self.value(Kind::Flag, true) };
                format!("{value} {sign} {}", operand(other))
            }
        }
    }

    /// Two values compared; mostly a field with a constant.
    pub fn comparison(&mut self) -> String {
        let kind =
            [Kind::Number, Kind::Text, Kind::Integer, Kind::Date][self.choices.weighted(&[5, 4, 3, 2])];
        let signs: &[&str] = match kind {
            Kind::Text => &["==", "!=", "==", "<", ">="],
            _ => &["<", ">", "<=", ">=", "==", "!="],
        };
        let sign = *self.choices.pick(signs);
        let line = self.line();
        if let Some(line) = line
            && self.choices.percent(55)
            && let Some(field) = self.field(kind)
        {
            let constant = match field.codes {
                Some(codes) => text_literal(self.choices.word(codes)),
                None if kind == Kind::Text => self.literal(Kind::Text),
                None => self.limit(kind),
            };
            let field = format!("{line}.{}", field.name);
            return if self.choices.percent(12) {
                format!("{constant} {sign} {field}")
            } else {
                format!("{field} {sign} {constant}")
            };
        }
        // A whole number may be compared with a number.
        let other = match kind {
            Kind::Integer if self.choices.percent(25) => Kind::Number,
            Kind::Number if self.choices.percent(25) => Kind::Integer,
            same => same,
        };
        let (a, b) = (operand(self.value(kind, true)), operand(self.value(other, true)));
        format!("{a} {sign} {b}")
    }

    /// What a field is compared with: a constant, written out or captured.
    fn limit(&mut self, kind: Kind) -> String {
        if self.choices.percent(30)
            && let Some(known) =
                self.variable(|variable| variable.ty == Type::one(kind, false) && !variable.mutable)
        {
            return known.name;
        }
        self.literal(kind)
    }

    fn atom_or_value(&mut self, percent: usize, kind: Kind) -> String {
        if self.choices.percent(percent) { self.atom(kind, true) } else { self.value(kind, true) }
    }

    fn membership(&mut self) -> String {
        let sign = *self.choices.pick(&["in", "in", "in", "!in"]);
        match self.choices.weighted(&[6, 2, 2, 1]) {
            0 => {
                let kind = *self.choices.pick(&[Kind::Text, Kind::Integer, Kind::Number, Kind::Date]);
                let item = self.atom_or_value(60, kind);
                format!("{} {sign} {}", operand(item), operand(self.list(kind, true)))
            }
            1 => {
                let kind = *self.choices.pick(&[Kind::Integer, Kind::Number]);
                let item = operand(self.atom_or_value(60, kind));
                format!("{item} {sign} {}", operand(self.range()))
            }
            2 => {
                let (part, whole) = (self.value(Kind::Text, true), self.value(Kind::Text, true));
                format!("{} {sign} {}", operand(part), operand(whole))
            }
            _ => {
                let key = operand(self.value(Kind::Text, true));
                let map = self
                    .variable(|variable| matches!(variable.ty.base, Base::Map(_)))
                    .map_or_else(|| format!("#{{ a: {} }}", self.literal(Kind::Integer)), |map| map.name);
                format!("{key} {sign} {map}")
            }
        }
    }

    pub fn range(&mut self) -> String {
        if self.choices.percent(20)
            && let Some(known) = self.variable(|variable| variable.ty.base == Base::Range)
        {
            return known.name;
        }
        let sign = *self.choices.pick(&["..", "..="]);
        if self.choices.percent(20) {
            let (start, end) = (self.value(Kind::Integer, false), self.value(Kind::Integer, false));
            return format!("{}{sign}{}", operand(start), operand(end));
        }
        // One that ends, or begins, where some line may have its value.
        let limit = self.values.integer(self.choices).clamp(-1_000, 100_000);
        let width = self.choices.between(1, 6) as i64;
        let (start, end) =
            if self.choices.percent(70) { (limit - width, limit) } else { (limit, limit + width) };
        format!("{}{sign}{}", integer_literal(start), integer_literal(end))
    }

    fn text_test(&mut self) -> String {
        const TESTS: &[&str] =
            &["contains", "starts_with", "ends_with", "has_word", "resembles", "matches", "has_any_word"];
        let whole = self.atom_or_value(70, Kind::Text);
        let test = *self.choices.pick(TESTS);
        let part = match test {
            "matches" if !self.fixed.patterns.is_empty() && self.choices.percent(30) => {
                self.choices.pick(&self.fixed.patterns).clone()
            }
            "matches" => text_literal(self.choices.word(&PATTERNS)),
            "has_any_word" if self.choices.percent(40) => self.list(Kind::Text, true),
            "has_any_word" => {
                let count = self.choices.between(1, 3);
                let words: Vec<String> =
                    (0..count).map(|_| text_literal(self.values.word(self.choices))).collect();
                format!("[{}]", words.join(", "))
            }
            _ if self.choices.percent(30) => text_literal(self.values.word(self.choices)),
            _ if self.choices.percent(60) => {
                // A part of a value is a part of what some line has.
                let value = self.values.text(self.choices);
                let start = self.choices.below(2);
                let length = self.choices.between(1, 5);
                text_literal(&value.chars().skip(start).take(length).collect::<String>())
            }
            _ => self.value(Kind::Text, true),
        };
        self.call(test, vec![whole, part])
    }

    fn some_or_all(&mut self) -> String {
        let function = *self.choices.pick(&["some", "all"]);
        let kind = *self.choices.pick(&KINDS);
        let (list, unknown) = self.noting_unknown(|writer| writer.list(kind, false));
        let test = self.test(Type { unknown, ..Type::one(kind, false) });
        format!("{}.{function}({test})", receiver(list))
    }

    /// A closure that tells of a value whether something holds: written out, in a variable, or a function.
    pub fn test(&mut self, of: Type) -> String {
        if let Base::One(kind) = of.base
            && self.choices.percent(20)
        {
            let held = self.variable(|variable| variable.ty.base == Base::Test(kind));
            let function = self.functions.iter().find(|function| {
                function.result == Type::one(Kind::Flag, false) && function.params == [of.clone()]
            });
            if let Some(name) = held.map(|held| held.name).or(function.map(|known| known.name.clone())) {
                return name;
            }
        }
        self.closure(of, FLAG)
    }

    fn listed(&mut self) -> String {
        if self.choices.percent(60) {
            return match self.lookup("listed") {
                Some((call, _)) => call,
                None => self.comparison(),
            };
        }
        let sign = *self.choices.pick(&["==", "!="]);
        match self.lookup("lookup") {
            Some((call, _)) if self.choices.percent(10) => format!("() {sign} {call}"),
            Some((call, _)) => format!("{call} {sign} ()"),
            None => self.comparison(),
        }
    }

    fn property(&mut self) -> String {
        match self.choices.below(4) {
            0 | 1 => self.call_of(&["is_even", "is_odd"], Kind::Integer, true),
            2 => self.call_on("is_empty", Kind::Text, true),
            _ => {
                let kind = *self.choices.pick(&KINDS);
                let list = self.list(kind, true);
                self.call("is_empty", vec![list])
            }
        }
    }

    fn binary(&mut self, sign: &str, kind: Kind, missing: bool) -> String {
        let (a, b) = (operand(self.value(kind, missing)), operand(self.value(kind, missing)));
        format!("{a} {sign} {b}")
    }

    fn binary_of(&mut self, signs: &[&str], kind: Kind, missing: bool) -> String {
        let sign = *self.choices.pick(signs);
        self.binary(sign, kind, missing)
    }

    fn call_on(&mut self, function: &str, kind: Kind, missing: bool) -> String {
        let value = self.value(kind, missing);
        self.call(function, vec![value])
    }

    fn call_of(&mut self, functions: &[&str], kind: Kind, missing: bool) -> String {
        let function = *self.choices.pick(functions);
        self.call_on(function, kind, missing)
    }

    pub fn integer(&mut self, missing: bool) -> String {
        match self.choices.weighted(&[20, 4, 3, 5, 6, 8, 5, 6, 6, 3]) {
            0 => self.binary_of(&["+", "-", "*", "/", "%"], Kind::Integer, missing),
            1 => self.power(Kind::Integer, missing),
            2 => {
                let sign = *self.choices.pick(&["-", "-", "+"]);
                format!("{sign}{}", receiver(self.value(Kind::Integer, missing)))
            }
            3 => self.binary("-", Kind::Date, missing),
            4 => {
                let part = *self.choices.pick(&["year", "month", "day", "weekday"]);
                format!("{}.{part}", receiver(self.value(Kind::Date, missing)))
            }
            5 => {
                let (list, is_list) = if self.choices.percent(50) {
                    (self.value(Kind::Text, missing), false)
                } else {
                    let kind = *self.choices.pick(&KINDS);
                    (self.list(kind, true), true)
                };
                // Of an unknown type the property would not be known.
                if self.choices.percent(20) && (is_list || self.typed > 0) {
                    format!("{}.len", receiver(list))
                } else {
                    self.call("len", vec![list])
                }
            }
            6 => {
                let (text, part) = (self.value(Kind::Text, missing), self.value(Kind::Text, missing));
                self.call("index_of", vec![text, part])
            }
            7 => self.call_of(&["to_int", "int", "sign"], Kind::Number, missing),
            8 => match *self.choices.pick(&["min", "max", "abs", "floor", "ceiling", "round"]) {
                function @ ("min" | "max") => {
                    let args = vec![self.value(Kind::Integer, missing), self.value(Kind::Integer, missing)];
                    self.call(function, args)
                }
                function => self.call_on(function, Kind::Integer, missing),
            },
            _ => self.binary_of(&["&", "|", "^"], Kind::Integer, missing),
        }
    }

    fn power(&mut self, base: Kind, missing: bool) -> String {
        let base = operand(self.value(base, missing));
        let exponents = ["2", "0", "1", "3", "(-1)", "10", "63", "400"];
        format!("{base} ** {}", operand(self.mostly(75, &exponents, missing)))
    }

    /// With this chance in percent one of these numbers, or else any whole number.
    fn mostly(&mut self, percent: usize, given: &[&str], missing: bool) -> String {
        if self.choices.percent(percent) {
            (*self.choices.pick(given)).to_owned()
        } else {
            self.value(Kind::Integer, missing)
        }
    }

    pub fn number(&mut self, missing: bool) -> String {
        let side = |writer: &mut Self| {
            let kind = [Kind::Number, Kind::Integer][writer.choices.weighted(&[4, 1])];
            operand(writer.value(kind, missing))
        };
        match self.choices.weighted(&[24, 4, 4, 6, 6, 5, 4, 5]) {
            0 => {
                let sign = *self.choices.pick(&["+", "-", "*", "/", "%"]);
                let (a, b) = (operand(self.value(Kind::Number, missing)), side(self));
                if self.choices.percent(30) { format!("{b} {sign} {a}") } else { format!("{a} {sign} {b}") }
            }
            1 => self.power(Kind::Number, missing),
            2 => format!("-{}", receiver(self.value(Kind::Number, missing))),
            3 => self.call_of(&["abs", "floor", "ceiling", "round"], Kind::Number, missing),
            4 => {
                let number = self.value(Kind::Number, missing);
                let digits = self.mostly(85, &["2", "0", "1", "12", "13", "(-1)"], missing);
                self.call("round", vec![number, digits])
            }
            at @ (5 | 6) => {
                let value = side(self);
                self.call(["to_float", "sqrt"][at - 5], vec![value])
            }
            _ => {
                let function = *self.choices.pick(&["min", "max"]);
                let args = vec![self.value(Kind::Number, missing), side(self)];
                self.call(function, args)
            }
        }
    }

    pub fn text(&mut self, missing: bool) -> String {
        match self.choices.weighted(&[5, 5, 7, 4, 6]) {
            0 => self.binary("+", Kind::Text, missing),
            1 => self.call_of(&["to_lower", "to_upper"], Kind::Text, missing),
            2 => {
                let mut args = vec![self.value(Kind::Text, missing)];
                for _ in 0..self.choices.between(1, 2) {
                    args.push(self.mostly(80, &["0", "1", "2", "4", "-1", "-3", "100"], missing));
                }
                self.call("sub_string", args)
            }
            3 => {
                let kind = *self.choices.pick(&KINDS);
                self.call_on("to_string", kind, true)
            }
            _ => self.template(),
        }
    }

    pub fn date(&mut self, missing: bool) -> String {
        match self.choices.weighted(&[8, 3, 3]) {
            0 => {
                let date = operand(self.value(Kind::Date, missing));
                let days = operand(self.mostly(70, &["1", "30", "365", "(-1)", "0", "3000000"], missing));
                match self.choices.below(3) {
                    0 => format!("{date} + {days}"),
                    1 => format!("{date} - {days}"),
                    _ => format!("{days} + {date}"),
                }
            }
            1 => {
                let text = self.value(Kind::Text, missing);
                // One that is written out and no day would be refused.
                format!("date({text} + \"\")", text = operand(text))
            }
            _ => {
                let date = self.value(Kind::Date, false);
                format!("date(to_string({date}))")
            }
        }
    }

    pub fn list(&mut self, kind: Kind, missing: bool) -> String {
        let known = |writer: &mut Self| {
            let fits = |ty: &Type| match ty.base {
                Base::List(of, elements) => of == kind && (missing || !elements),
                _ => false,
            };
            writer.variable(|variable| fits(&variable.ty) && !variable.ty.missing).map(|known| known.name)
        };
        if !self.spend() {
            return self.list_literal(kind, missing);
        }
        match self.choices.weighted(&[40, 30, 8, 8, 5, 2, 2]) {
            0 => self.list_literal(kind, missing),
            1 => known(self).unwrap_or_else(|| self.list_literal(kind, missing)),
            2 => {
                let (list, unknown) = self.noting_unknown(|writer| writer.list(kind, missing));
                let test = self.test(Type { unknown, ..Type::one(kind, missing) });
                format!("{}.filter({test})", receiver(list))
            }
            3 => {
                let from = *self.choices.pick(&KINDS);
                let (list, unknown) = self.noting_unknown(|writer| writer.list(from, true));
                let closure =
                    self.closure(Type { unknown, ..Type::one(from, true) }, Wanted { kind, missing });
                format!("{}.map({closure})", receiver(list))
            }
            4 => {
                let (a, b) = (operand(self.list(kind, missing)), operand(self.list(kind, missing)));
                format!("{a} + {b}")
            }
            5 if kind == Kind::Text => {
                match self.variable(|variable| matches!(variable.ty.base, Base::Map(_))) {
                    Some(map) => format!("{}.keys()", map.name),
                    None => "#{ a: 1, DELI: 2 }.keys()".to_owned(),
                }
            }
            5 => self.list_literal(kind, missing),
            _ => {
                let condition = self.condition_of();
                let (a, b) = (self.list(kind, missing), self.list(kind, missing));
                format!("(if {condition} {{ {a} }} else {{ {b} }})")
            }
        }
    }

    fn list_literal(&mut self, kind: Kind, missing: bool) -> String {
        if self.typed == 0 && self.choices.percent(4) {
            self.unknown += 1;
            return "[]".to_owned();
        }
        let count = self.choices.between(1, 4);
        // A list of nothing but `()` could not be compared.
        let item = |writer: &mut Self, at: usize| {
            if at > 0 && missing && writer.choices.percent(5) {
                "()".to_owned()
            } else if writer.choices.percent(75) {
                writer.literal(kind)
            } else {
                writer.value(kind, missing)
            }
        };
        let items: Vec<String> = (0..count).map(|at| item(self, at)).collect();
        format!("[{}]", items.join(", "))
    }
}
