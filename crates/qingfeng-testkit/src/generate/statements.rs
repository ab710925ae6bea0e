//! Statements: variables, assignments, branches, loops, early returns.

use super::kinds::FLAG;
use super::values::{KINDS, Kind};
use super::writer::{Base, Type, Wanted, Writer, operand};

impl Writer<'_, '_> {
    /// What a closure or function consists of: an expression, or so often of a hundred times a block with
    /// statements.
    pub fn body(&mut self, wanted: Wanted, blocks: usize) -> String {
        let outer = self.wanted.replace(wanted);
        let text = if self.choices.percent(blocks) {
            self.block(wanted.kind, wanted.missing)
        } else {
            self.value(wanted.kind, wanted.missing)
        };
        self.wanted = outer;
        text
    }

    pub fn block(&mut self, kind: Kind, missing: bool) -> String {
        let visible = self.variables.len();
        let mut text = String::from("{ ");
        for _ in 0..self.choices.between(1, 3) {
            text.push_str(&self.statement());
            text.push(' ');
        }
        text.push_str(&self.value(kind, missing));
        self.variables.truncate(visible);
        text.push_str(" }");
        text
    }

    /// A block without a value.
    fn statements(&mut self, most: usize) -> String {
        let visible = self.variables.len();
        let statements: Vec<String> = (0..self.choices.between(1, most)).map(|_| self.statement()).collect();
        self.variables.truncate(visible);
        format!("{{ {} }}", statements.join(" "))
    }

    pub fn statement(&mut self) -> String {
        if !self.spend() {
            return self.let_value();
        }
        match self.choices.weighted(&[24, 14, 10, 8, 9, 5, 6, 4, 3, 4, 3, 3, 2, 2, 2, 1]) {
            0 => self.let_value(),
            1 => self.assignment(),
            2 => self.branches(),
            3 => self.early_return(),
            4 => self.for_loop(),
            5 => self.counted_loop(),
            6 => self.let_list(),
            7 => self.push(),
            8 => self.let_entry(),
            9 => self.search(),
            10 => self.switch_with(true, |writer| writer.statements(1)),
            11 => {
                let range = self.range();
                self.bind("let", "r", &range, Type::of(Base::Range), false)
            }
            12 => {
                let kind = *self.choices.pick(&KINDS);
                let test = self.well_typed(|writer| writer.closure(Type::one(kind, false), FLAG));
                self.bind("let", "t", &test, Type::of(Base::Test(kind)), false)
            }
            13 => self.statements(2),
            14 => match self.line() {
                Some(line) => self.bind("let", "line", &line, Type::of(Base::Line), false),
                None => self.let_value(),
            },
            _ => self.growth(),
        }
    }

    fn let_value(&mut self) -> String {
        let kind = *self.choices.pick(&KINDS);
        let missing = self.choices.percent(40);
        let (value, unknown) = self.noting_unknown(|writer| writer.value(kind, missing));
        let ty = Type { unknown, ..Type::one(kind, missing) };
        if self.choices.percent(12) {
            return self.bind("const", "K", &value, ty, false);
        }
        // Rarely it hides one of the same name.
        let hidden = if self.choices.percent(8) {
            self.variable(|variable| matches!(variable.ty.base, Base::One(_)) && variable.mutable)
        } else {
            None
        };
        let name = hidden.map_or_else(|| self.name("v"), |hidden| hidden.name);
        self.declare(&name, ty, true);
        format!("let {name} = {value};")
    }

    fn assignment(&mut self) -> String {
        let Some(target) = self.variable(|variable| {
            variable.mutable && matches!(variable.ty.base, Base::One(_) | Base::List(..))
        }) else {
            return self.let_value();
        };
        let name = target.name;
        let (kind, is_list, missing) = match target.ty.base {
            Base::List(kind, elements) => (kind, true, elements),
            Base::One(kind) => (kind, false, target.ty.missing),
            _ => return self.let_value(),
        };
        // A value of unknown type would make the variable's unknown.
        self.well_typed(|writer| {
            if is_list {
                let list = writer.list(kind, missing);
                let sign = writer.choices.pick(&["=", "+="]);
                return format!("{name} {sign} {list};");
            }
            let signs: &[&str] = match kind {
                Kind::Integer => &["+=", "=", "-=", "*=", "/=", "%=", "**=", "&=", "|=", "^="],
                Kind::Number => &["+=", "=", "-=", "*=", "/=", "%=", "**="],
                Kind::Text => &["=", "+="],
                Kind::Flag => &["=", "&=", "|=", "^="],
                Kind::Date => &["=", "+=", "-="],
            };
            let sign = *writer.choices.pick(signs);
            let value = match (kind, sign) {
                (Kind::Number, "**=") | (Kind::Date, "+=" | "-=") => writer.value(Kind::Integer, missing),
                (Kind::Integer | Kind::Number, "+=" | "-=") if writer.choices.percent(50) => "1".to_owned(),
                _ => writer.value(kind, missing),
            };
            format!("{name} {sign} {value};")
        })
    }

    fn branches(&mut self) -> String {
        let condition = self.condition_of();
        let mut text = format!("if {condition} {}", self.statements(2));
        if self.choices.percent(20) {
            let condition = self.condition_of();
            text.push_str(&format!(" else if {condition} {}", self.statements(1)));
        }
        if self.choices.percent(35) {
            text.push_str(&format!(" else {}", self.statements(2)));
        }
        text
    }

    fn early_return(&mut self) -> String {
        let condition = self.condition_of();
        match self.wanted {
            Some(wanted) => {
                let value = self.value(wanted.kind, wanted.missing);
                if wanted.missing && self.choices.percent(20) {
                    format!("if {condition} {{ return; }}")
                } else {
                    format!("if {condition} {{ return {value}; }}")
                }
            }
            None => format!("if {condition} {{ }}"),
        }
    }

    /// What a loop does in each turn.
    fn turn(&mut self) -> String {
        self.loops += 1;
        let visible = self.variables.len();
        let mut parts = Vec::new();
        let leaves = |writer: &mut Self| {
            let condition = writer.condition_of();
            format!("if {condition} {{ {}; }}", writer.choices.pick(&["break", "continue", "break"]))
        };
        if self.choices.percent(35) {
            parts.push(leaves(self));
        }
        for _ in 0..self.choices.between(1, 2) {
            parts.push(self.assignment());
            if self.loops < 3 && self.choices.percent(30) {
                parts.push(self.statement());
            }
        }
        if self.choices.percent(20) {
            parts.push(leaves(self));
        }
        self.variables.truncate(visible);
        self.loops -= 1;
        parts.join(" ")
    }

    fn for_loop(&mut self) -> String {
        let (over, element) = if self.choices.percent(40) {
            let range = match self.choices.below(3) {
                0 => format!("0..{}", self.choices.below(6)),
                1 => format!("1..={}", self.choices.below(6)),
                _ => format!("0..({} % 6)", operand(self.value(Kind::Integer, false))),
            };
            (range, Type::one(Kind::Integer, false))
        } else {
            let kind = *self.choices.pick(&KINDS);
            let missing = self.choices.percent(30);
            let (list, unknown) = self.noting_unknown(|writer| writer.list(kind, missing));
            (list, Type { unknown, ..Type::one(kind, missing) })
        };
        let visible = self.variables.len();
        let name = self.name("x");
        let names = if self.choices.percent(25) {
            let counter = self.name("i");
            self.declare(&counter, Type::one(Kind::Integer, false), false);
            format!("({name}, {counter})")
        } else {
            name.clone()
        };
        self.declare(&name, element, false);
        let turn = self.turn();
        self.variables.truncate(visible);
        format!("for {names} in {over} {{ {turn} }}")
    }

    /// `while`, `loop` and `do`, each with a counter that ends it.
    fn counted_loop(&mut self) -> String {
        let name = self.name("n");
        self.declare(&name, Type::one(Kind::Integer, false), false);
        let end = self.choices.between(0, 5);
        let form = self.choices.below(3);
        let condition = if form == 0 && self.choices.percent(40) {
            format!(" && {}", operand(self.value(Kind::Flag, false)))
        } else {
            String::new()
        };
        let turn = self.turn();
        match form {
            0 => format!("let {name} = 0; while {name} < {end}{condition} {{ {name} += 1; {turn} }}"),
            1 => format!("let {name} = 0; loop {{ {name} += 1; if {name} > {end} {{ break; }} {turn} }}"),
            _ => format!("let {name} = 0; do {{ {name} += 1; {turn} }} while {name} < {end};"),
        }
    }

    fn let_list(&mut self) -> String {
        let kind = *self.choices.pick(&KINDS);
        let missing = self.choices.percent(25);
        let list = self.well_typed(|writer| writer.list(kind, missing));
        self.bind("let", "l", &list, Type::of(Base::List(kind, missing)), true)
    }

    fn push(&mut self) -> String {
        let list = self.variable(|variable| variable.mutable && matches!(variable.ty.base, Base::List(..)));
        match list.map(|list| (list.name, list.ty.base)) {
            Some((name, Base::List(kind, missing))) => {
                let item = self.well_typed(|writer| writer.value(kind, missing));
                format!("{name}.push({item});")
            }
            _ => self.let_list(),
        }
    }

    fn let_entry(&mut self) -> String {
        let Some((call, table)) = self.lookup("lookup") else { return self.let_value() };
        self.bind("let", "entry", &call, Type::of(Base::Entry(table)), false)
    }

    /// The first element for which something holds.
    fn search(&mut self) -> String {
        let kind = *self.choices.pick(&KINDS);
        let list = self.well_typed(|writer| writer.list(kind, false));
        let (found, name) = (self.name("found"), self.name("x"));
        let visible = self.variables.len();
        self.declare(&name, Type::one(kind, false), false);
        let test = self.condition_of();
        self.variables.truncate(visible);
        self.declare(&found, Type::one(kind, true), true);
        format!("let {found} = (); for {name} in {list} {{ if {test} {{ {found} = {name}; break; }} }}")
    }

    /// What meets a limit of the sandbox.
    pub fn growth(&mut self) -> String {
        let name = self.name("g");
        let condition = self.condition_of();
        let recursive = self.functions.iter().find(|function| function.result.unknown);
        let recursive = recursive
            .filter(|function| function.params == [Type::one(Kind::Integer, false)])
            .map(|function| function.name.clone());
        let grow = match (self.choices.below(6), recursive) {
            // As deep as calls may go, and a little less or more.
            (4 | 5, Some(name)) => {
                let depth = self.choices.pick(&["16", "14", "13", "15", "17", "64"]);
                format!("if {name}({depth}) == 3 {{ }}")
            }
            (0, _) => format!("let {name} = \"ab\"; for i in 0..20 {{ {name} += {name}; }}"),
            (1, _) => format!("let {name} = [1]; for i in 0..20 {{ {name} += {name}; }}"),
            (2, _) => format!("let {name} = 0; loop {{ {name} += 1; }}"),
            _ => format!("let {name} = [1, 2]; {name}.push({name}); {name} = {name}[5];"),
        };
        format!("if {condition} {{ {grow} }}")
    }
}
