//! What the pack defines and nothing uses.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::lang::expr::{Constant, ExprKind};
use crate::lang::rule::{Closure, Rule, computed_needs};

use super::Analysis;

impl Analysis<'_> {
    pub(super) fn unused(&mut self) {
        self.unused_lookups();
        self.unused_functions();
        self.unused_fields();
    }

    fn unused_lookups(&mut self) {
        for (at, lookup) in self.pack.lookups.iter().enumerate() {
            let classes = self.pack.selection.iter().flat_map(|policy| &policy.trader_classes);
            if self.pack.used.lookups.contains(&at) || classes.into_iter().any(|class| class.lookup == at) {
                continue;
            }
            let (what, method) = match lookup.profile() {
                Some(_) => ("profile", "lookup"),
                None => ("lookup table", "listed"),
            };
            let title = format!("no rule uses the {what} `{}`", lookup.name);
            let item = Diagnostic::new(Code::UnusedLookup, title)
                .at(lookup.place.clone(), "")
                .note("it is read each time the pack is opened, and decides nothing")
                .help(format!("use it with `d.{method}(\"{}\")`, or take it out", lookup.name));
            self.found.push(item);
        }
    }

    fn unused_functions(&mut self) {
        let pack = self.pack;
        for (file, functions) in pack.functions.iter().enumerate() {
            let closures = pack.rules.iter().flat_map(Rule::closures);
            let computed = pack.computed.iter().map(|field| &field.closure);
            let mut used: BTreeSet<&str> = pack.used.called[file].iter().map(String::as_str).collect();
            used.extend(
                closures
                    .chain(computed)
                    .filter(|closure| closure.file == file)
                    .map(|closure| closure.pointer.fn_name()),
            );
            let mut open: Vec<&str> = used.iter().copied().collect();
            let mut reached: BTreeSet<&str> = BTreeSet::new();
            while let Some(name) = open.pop() {
                let Some((name, function)) = functions.get_key_value(name) else { continue };
                if !reached.insert(name) {
                    continue;
                }
                function.body.walk(&mut |expr| match &expr.kind {
                    ExprKind::Call { name, .. } => open.push(&name.text),
                    ExprKind::Variable(name)
                    | ExprKind::Closure(name, _)
                    | ExprKind::Constant(Constant::Function(name, _)) => open.push(name),
                    _ => {}
                });
            }
            let name_of_file = &self.apart.facts.files[file];
            let text = pack.warnings.sources.text(name_of_file).unwrap_or("");
            let is_unused = |name: &&String| !name.starts_with("anon$") && !reached.contains(name.as_str());
            for name in functions.keys().filter(is_unused) {
                let place = Place { file: Arc::clone(name_of_file), span: definition(text, name) };
                let title = format!("nothing calls the function `{name}`");
                let item = Diagnostic::found(Code::UnusedFunction, place, title, "call it, or take it out");
                self.found.push(item.note("a function is seen only by the file that defines it"));
            }
        }
    }

    fn unused_fields(&mut self) {
        let pack = self.pack;
        let closures = pack.rules.iter().flat_map(Rule::closures);
        let measured = pack.lookups.iter().filter_map(|lookup| lookup.profile());
        let measured = measured
            .flat_map(|profile| &profile.measures)
            .flat_map(|measure| measure.field.into_iter().chain(measure.only_field));
        let used =
            computed_needs(&closures.flat_map(Closure::fields).chain(measured).collect(), &pack.computed);
        for risk in &pack.risks {
            let of_risk = |at: &usize| self.apart.facts.files[pack.computed[*at].closure.file] == risk.text;
            if used.iter().any(of_risk) {
                continue;
            }
            let item = Diagnostic::new(Code::UnusedLookup, format!("no rule uses the risk `{}`", risk.name))
                .at(risk.place.clone(), "")
                .note("it is counted each time the pack is opened, and decides nothing")
                .help(format!("read it as `d.{}_upper`, or take it out", risk.name));
            self.found.push(item);
        }
        for (_, field) in pack.computed.iter().enumerate().filter(|(at, _)| !used.contains(at)) {
            let file = Arc::clone(&self.apart.facts.files[field.closure.file]);
            // Nobody wrote the fields of a risk one by one.
            let Some(text) = pack.warnings.sources.text(&file) else { continue };
            let quoted = format!("\"{}\"", field.name);
            // The name stands before the closure.
            let before = text.get(..field.closure.body.span.start).unwrap_or("");
            let span = match before.rfind(&quoted) {
                Some(start) => start..start + quoted.len(),
                None => field.closure.body.span.clone(),
            };
            let title = format!("no rule uses the field `{}`", field.name);
            let help = format!("use it as `d.{}`, or take it out", field.name);
            self.found.push(Diagnostic::found(Code::UnusedField, Place { file, span }, title, help));
        }
    }
}

/// Where a function is defined in the text of a file.
fn definition(text: &str, name: &str) -> std::ops::Range<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find(name).map(|at| from + at) {
        let end = at + name.len();
        let before = text[..at].trim_end();
        if before.ends_with("fn") && before.len() < at && text[end..].trim_start().starts_with('(') {
            return at..end;
        }
        from = end;
    }
    0..0
}
