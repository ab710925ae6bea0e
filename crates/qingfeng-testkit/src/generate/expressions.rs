//! Expressions of a wanted kind: what all kinds have in common.

use super::fields::{DECLARED, DERIVED};
use super::values::{KINDS, Kind, text_literal};
use super::writer::{Base, Type, Wanted, Writer, operand, receiver};

/// How deep expressions are put into each other; the sandbox has a limit too.
const DEPTH_MAX: usize = 9;

fn is_like(a: Kind, b: Kind) -> bool {
    let is_number = |kind| matches!(kind, Kind::Integer | Kind::Number);
    a == b || is_number(a) && is_number(b)
}

impl Writer<'_, '_> {
    /// An expression of this kind, which may give `()` only if `missing` says so.
    pub fn value(&mut self, kind: Kind, missing: bool) -> String {
        if self.depth >= DEPTH_MAX || !self.spend() {
            return self.atom(kind, missing);
        }
        self.depth += 1;
        let (text, unknown) = self.noting_unknown(|writer| writer.form(kind, missing));
        self.depth -= 1;
        // What has an unknown type may be missing, as far as the type checker knows.
        if unknown && !missing { format!("({} ?? {})", operand(text), self.literal(kind)) } else { text }
    }

    /// A condition as it stands after `if`: a block there would be taken for its body.
    pub fn condition_of(&mut self) -> String {
        let text = self.value(Kind::Flag, false);
        let is_statement = ["{", "if ", "switch "].iter().any(|start| text.starts_with(start));
        if is_statement { format!("({text})") } else { text }
    }

    fn form(&mut self, kind: Kind, missing: bool) -> String {
        match self.choices.weighted(&[30, 40, 6, 4, 3, 4, 4, 4, 4, 3]) {
            0 => self.atom(kind, missing),
            1 => self.compound(kind, missing),
            2 => self.conditional(kind, missing),
            3 => self.switch(kind, missing),
            4 => self.block(kind, missing),
            5 => self.coalesce(kind, missing),
            6 => self.indexed(kind, missing),
            7 => self.call_of_function(kind, missing).unwrap_or_else(|| self.compound(kind, missing)),
            8 => self.unknown_type(kind, missing),
            _ => self.map_entry(kind, missing).unwrap_or_else(|| self.compound(kind, missing)),
        }
    }

    pub fn compound(&mut self, kind: Kind, missing: bool) -> String {
        match kind {
            Kind::Flag => {
                // Whatever is in it, a condition is known to be a flag.
                let before = self.unknown;
                let text = self.flag();
                self.unknown = before;
                text
            }
            Kind::Integer => self.integer(missing),
            Kind::Number => self.number(missing),
            Kind::Text => self.text(missing),
            Kind::Date => self.date(missing),
        }
    }

    pub fn literal(&mut self, kind: Kind) -> String {
        self.values.literal(self.choices, kind)
    }

    /// The smallest things there are: constants, variables, fields, columns of lookup tables.
    pub fn atom(&mut self, kind: Kind, missing: bool) -> String {
        // A comparison says more than `true`.
        if kind == Kind::Flag && !self.choices.is_exhausted() && self.choices.percent(60) {
            let left = std::mem::take(&mut self.fuel);
            let text = self.comparison();
            self.fuel = left;
            return text;
        }
        let (text, may_be_missing) = match self.choices.weighted(&[25, 40, 25, 6, 8]) {
            0 => None,
            1 => self.read_field(kind),
            2 => self.read_variable(kind),
            3 => self.read_computed(kind),
            _ => self.column(kind),
        }
        .unwrap_or_else(|| (self.literal(kind), false));
        if may_be_missing && !missing { format!("({text} ?? {})", self.literal(kind)) } else { text }
    }

    fn read_field(&mut self, kind: Kind) -> Option<(String, bool)> {
        let line = self.line()?;
        let field = self.field(kind)?;
        Some((format!("{line}.{}", field.name), field.missing))
    }

    fn read_variable(&mut self, kind: Kind) -> Option<(String, bool)> {
        let variable = self.variable(|variable| variable.ty.base == Base::One(kind))?;
        Some((variable.name, variable.ty.missing || variable.ty.unknown))
    }

    fn read_computed(&mut self, kind: Kind) -> Option<(String, bool)> {
        let line = self.line()?;
        let of_kind: Vec<(String, Type)> =
            self.computed.iter().filter(|(_, ty)| ty.base == Base::One(kind)).cloned().collect();
        if of_kind.is_empty() {
            return None;
        }
        let (name, ty) = self.choices.pick(&of_kind);
        Some((format!("{line}.{name}"), ty.missing))
    }

    /// A column of a lookup table, read of the entry at once or of one in a variable.
    fn column(&mut self, kind: Kind) -> Option<(String, bool)> {
        let (entry, table) = match self.variable(|variable| matches!(variable.ty.base, Base::Entry(_))) {
            Some(variable) if self.choices.percent(60) => match variable.ty.base {
                Base::Entry(table) => (variable.name, table),
                _ => return None,
            },
            _ => {
                let (call, table) = self.lookup("lookup")?;
                (call, table)
            }
        };
        let tables = self.tables;
        let columns: Vec<&'static str> =
            tables[table].columns().filter(|&(_, of)| of == kind).map(|(name, _)| name).collect();
        if columns.is_empty() {
            return None;
        }
        Some((format!("{entry}.{}", self.choices.pick(&columns)), true))
    }

    /// `d.listed("table")` or `d.lookup("table")`, and which table it is.
    pub fn lookup(&mut self, function: &str) -> Option<(String, usize)> {
        let line = self.line()?;
        if self.tables.is_empty() {
            return None;
        }
        let (name, table) = if !self.fixed.tables.is_empty() && self.choices.percent(25) {
            self.choices.pick(&self.fixed.tables).clone()
        } else {
            let table = self.choices.below(self.tables.len());
            (text_literal(self.tables[table].name), table)
        };
        if self.choices.percent(8) {
            return Some((format!("{function}({line}, {name})"), table));
        }
        Some((format!("{line}.{function}({name})"), table))
    }

    /// A call, mostly as a method of the first argument.
    pub fn call(&mut self, name: &str, mut args: Vec<String>) -> String {
        if self.choices.percent(10) || args.is_empty() {
            return format!("{name}({})", args.join(", "));
        }
        let first = receiver(args.remove(0));
        format!("{first}.{name}({})", args.join(", "))
    }

    fn conditional(&mut self, kind: Kind, missing: bool) -> String {
        let condition = self.condition_of();
        let then = self.branch(kind, missing);
        if missing && self.choices.percent(15) {
            return format!("if {condition} {then}");
        }
        let otherwise = if self.choices.percent(20) {
            self.conditional(kind, missing)
        } else if missing && self.choices.percent(15) {
            "{ () }".to_owned()
        } else {
            self.branch(kind, missing)
        };
        format!("if {condition} {then} else {otherwise}")
    }

    /// `{ value }`, now and then with statements before it.
    fn branch(&mut self, kind: Kind, missing: bool) -> String {
        if self.choices.percent(15) {
            self.block(kind, missing)
        } else {
            format!("{{ {} }}", self.value(kind, missing))
        }
    }

    fn coalesce(&mut self, kind: Kind, missing: bool) -> String {
        let count = self.choices.between(1, 2);
        let mut parts: Vec<String> = (0..count).map(|_| operand(self.value(kind, true))).collect();
        parts.push(operand(self.value(kind, missing)));
        format!("({})", parts.join(" ?? "))
    }

    fn indexed(&mut self, kind: Kind, missing: bool) -> String {
        let list = receiver(self.list(kind, missing));
        let index = if self.choices.percent(75) {
            (*self.choices.pick(&["0", "1", "2", "-1", "-2", "7", "-9"])).to_owned()
        } else {
            self.value(Kind::Integer, false)
        };
        format!("{list}[{index}]")
    }

    fn call_of_function(&mut self, kind: Kind, missing: bool) -> Option<String> {
        let has_line = !self.visible(|variable| variable.ty.base == Base::Line).is_empty();
        let typed = self.typed > 0;
        let fits =
            |ty: &Type| ty.base == Base::One(kind) && (missing || !ty.missing) && !(typed && ty.unknown);
        let known: Vec<_> = self
            .functions
            .iter()
            .filter(|function| {
                fits(&function.result)
                    && (has_line || function.params.iter().all(|param| param.base != Base::Line))
            })
            .cloned()
            .collect();
        if known.is_empty() {
            return None;
        }
        let function = self.choices.pick(&known).clone();
        self.unknown += usize::from(function.result.unknown);
        let args: Vec<String> = function.params.iter().map(|param| self.argument(param)).collect();
        Some(format!("{}({})", function.name, args.join(", ")))
    }

    fn argument(&mut self, ty: &Type) -> String {
        match ty.base {
            Base::One(kind) => self.value(kind, ty.missing),
            Base::List(kind, missing) => self.list(kind, missing),
            Base::Line => self.line().unwrap_or_default(),
            _ => "()".to_owned(),
        }
    }

    /// An expression that has this kind, which the type checker cannot see.
    fn unknown_type(&mut self, kind: Kind, missing: bool) -> String {
        if self.typed > 0 {
            return self.atom(kind, missing);
        }
        let other_kind = *self.choices.pick(&KINDS);
        // Rarely it is another kind: the types then do not go together on the line.
        let kind = if self.choices.percent(10) { other_kind } else { kind };
        let (value, other) = (self.value(kind, missing), self.value(other_kind, true));
        self.unknown += 1;
        match self.choices.below(5) {
            0 => format!("#{{ a: {value}, b: {other} }}.a"),
            1 => format!("#{{ a: {value}, b: {other} }}[\"a\"]"),
            // An element of a list of two types; whole numbers and numbers are one.
            2 => format!("[{value}, {}][0]", if is_like(kind, other_kind) { "[]" } else { &other }),
            3 => format!("#{{ a: {value} }}.values()[0]"),
            _ => format!("#{{ a: #{{ b: {value} }} }}.a.b"),
        }
    }

    /// An entry of a map that is fixed.
    fn map_entry(&mut self, kind: Kind, missing: bool) -> Option<String> {
        let map = self.variable(|variable| match &variable.ty.base {
            Base::Map(entries) => entries.iter().any(|(_, of)| *of == kind),
            _ => false,
        })?;
        let Base::Map(entries) = &map.ty.base else { return None };
        if self.choices.percent(30) && (entries.iter().all(|(_, of)| *of == kind)) {
            let mut index = self.value(Kind::Text, false);
            if self.choices.percent(60) {
                index = text_literal(self.choices.pick(entries).0);
            }
            // A key that is written out and not there would be refused.
            if index.starts_with('"') {
                index = format!("{} + \"\"", operand(index));
            }
            let entry = format!("{}[{index}]", map.name);
            return Some(if missing { entry } else { format!("({entry} ?? {})", self.literal(kind)) });
        }
        let of_kind: Vec<&'static str> =
            entries.iter().filter(|(_, of)| *of == kind).map(|&(name, _)| name).collect();
        let key = *self.choices.pick(&of_kind);
        Some(if self.choices.percent(40) {
            format!("{}[\"{key}\"]", map.name)
        } else {
            format!("{}.{key}", map.name)
        })
    }

    pub fn switch(&mut self, kind: Kind, missing: bool) -> String {
        let arm = |writer: &mut Self| writer.value(kind, missing);
        self.switch_with(missing, arm)
    }

    /// A `switch` with these arms; without a default only if `open` says that it may be left out.
    pub fn switch_with(&mut self, open: bool, mut arm: impl FnMut(&mut Self) -> String) -> String {
        let on = *self.choices.pick(&[Kind::Text, Kind::Integer, Kind::Text, Kind::Number, Kind::Flag]);
        let subject = self.subject(on);
        // Rhai has the ranges after the values.
        let (mut arms, mut ranges) = (Vec::new(), Vec::new());
        let mut used: Vec<String> = Vec::new();
        for _ in 0..self.choices.between(1, 3) {
            let mut cases = Vec::new();
            let is_range = on == Kind::Number || on == Kind::Integer && self.choices.percent(40);
            if is_range {
                let end = self.values.integer(self.choices).clamp(-1_000, 100_000);
                let start = end - self.choices.between(0, 9) as i64;
                let sign = self.choices.pick(&["..", "..="]);
                cases.push(format!("{start}{sign}{end}"));
            } else {
                for _ in 0..self.choices.between(1, 3) {
                    let case = if self.choices.percent(8) {
                        "()".to_owned()
                    } else {
                        let literal = self.subject_literal(on);
                        literal.trim_matches(['(', ')']).to_owned()
                    };
                    if !used.contains(&case) {
                        used.push(case.clone());
                        cases.push(case);
                    }
                }
            }
            if cases.is_empty() {
                continue;
            }
            let condition =
                if self.choices.percent(25) { format!(" if {}", self.condition_of()) } else { String::new() };
            let value = arm(self);
            let of = if is_range { &mut ranges } else { &mut arms };
            of.push(format!("{}{condition} => {value}", cases.join(" | ")));
        }
        arms.extend(ranges);
        if arms.is_empty() || !open || self.choices.percent(50) {
            let value = arm(self);
            arms.push(format!("_ => {value}"));
        }
        format!("switch {subject} {{ {} }}", arms.join(", "))
    }

    fn subject(&mut self, on: Kind) -> String {
        self.well_typed(|writer| {
            let read = if writer.choices.percent(60) { writer.read_field(on) } else { None };
            let subject = read.map_or_else(|| writer.value(on, true), |(text, _)| text);
            operand(subject)
        })
    }

    /// A value that a subject of this kind may well have.
    fn subject_literal(&mut self, on: Kind) -> String {
        if on == Kind::Text && self.choices.percent(40) {
            let coded: Vec<_> = DECLARED.iter().chain(DERIVED).filter_map(|field| field.codes).collect();
            let codes = *self.choices.pick(&coded);
            return text_literal(self.choices.word(codes));
        }
        loop {
            let literal = self.literal(on);
            // The least whole number cannot be written as one constant.
            if !literal.contains(" - ") {
                return literal;
            }
            if self.choices.is_exhausted() {
                return "1".to_owned();
            }
        }
    }

    pub fn closure(&mut self, param: Type, wanted: Wanted) -> String {
        let name = self.name("x");
        self.function_body(|writer| {
            let visible = writer.variables.len();
            writer.declare(&name, param, true);
            let body = writer.body(wanted, 20);
            writer.variables.truncate(visible);
            format!("|{name}| {body}")
        })
    }

    /// Writes the body of a function or closure: the loops around it are not its own.
    pub fn function_body(&mut self, write: impl FnOnce(&mut Self) -> String) -> String {
        let outer = (std::mem::take(&mut self.loops), self.wanted.take());
        let text = write(self);
        (self.loops, self.wanted) = outer;
        text
    }

    /// A text in back quotes with values of all kinds in it.
    pub fn template(&mut self) -> String {
        if self.in_template {
            return self.literal(Kind::Text);
        }
        self.in_template = true;
        let mut text = String::from("`");
        for _ in 0..self.choices.between(1, 3) {
            text.push_str(self.choices.word(&["", "of ", " 价值 ", " → "]));
            let value = match self.choices.weighted(&[12, 1]) {
                0 => {
                    let kind = *self.choices.pick(&KINDS);
                    if self.spend() && self.choices.percent(50) {
                        self.compound(kind, true)
                    } else {
                        self.value(kind, true)
                    }
                }
                _ => {
                    let kind = *self.choices.pick(&KINDS);
                    self.list(kind, true)
                }
            };
            text.push_str(&format!("${{{value}}}"));
        }
        self.in_template = false;
        text.push('`');
        text
    }
}
