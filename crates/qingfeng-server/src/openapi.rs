//! The description of the service: OpenAPI 3.1, made of the table of routes.

use serde_json::{Map, Value, json};

use crate::problem::ProblemCode;
use crate::routes::{CSV, JSON, NDJSON, ROUTES, Route};

/// The description.
pub(crate) fn description() -> Value {
    let mut paths = Map::new();
    for route in &ROUTES {
        let mut operation = json!({
            "summary": route.summary,
            "operationId": operation_id(route),
            "responses": responses(route),
            "parameters": parameters(route),
        });
        if let Some(role) = route.role {
            operation["security"] = json!([{ "token": [role.name()] }]);
            operation["description"] = format!("Needs the role `{}`.", role.name()).into();
        }
        if !route.takes.is_empty() {
            let content: Map<String, Value> = route
                .takes
                .iter()
                .map(|kind| ((*kind).to_owned(), json!({ "schema": body_schema(route, kind) })))
                .collect();
            operation["requestBody"] = json!({ "required": route.path != "/v1/reload", "content": content });
        }
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Qingfeng",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Scores declarations and routes them to control channels. Every answer names the pack that made it.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas(),
        },
    })
}

fn operation_id(route: &Route) -> String {
    let words = route.path.split(['/', '{', '}', '.']).filter(|word| !word.is_empty() && *word != "v1");
    let words: Vec<&str> = words.collect();
    format!(
        "{}_{}",
        route.method.to_lowercase(),
        if words.is_empty() { "console".to_owned() } else { words.join("_") }
    )
}

fn body_schema(route: &Route, kind: &str) -> Value {
    match (route.path, kind) {
        ("/v1/reload", _) => json!({ "$ref": "#/components/schemas/ReloadWish" }),
        (_, JSON) => json!({ "$ref": "#/components/schemas/Declaration" }),
        (_, NDJSON | CSV) => json!({ "type": "string" }),
        _ => json!({ "type": "string", "format": "binary" }),
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let mut of_query = |name: &str, values: &[&str]| {
        let schema = json!({ "type": "string", "enum": values });
        parameters.push(json!({ "name": name, "in": "query", "schema": schema }));
    };
    match route.path {
        "/v1/assess/batch" => {
            of_query("by", &["declaration", "item"]);
            of_query("reasons", &["true", "false"]);
        }
        "/" | "/declarations/{number}" => of_query("lang", &["en", "zh"]),
        _ => {}
    }
    parameters
}

fn responses(route: &Route) -> Value {
    let schema = match route.schema {
        Some(name) => json!({ "$ref": format!("#/components/schemas/{name}") }),
        None => json!({ "type": "string" }),
    };
    let content = json!({ route.gives.split(';').next().unwrap_or_default(): { "schema": schema } });
    let mut responses = json!({ "200": { "description": "The answer", "content": content } });
    let mut add = |code: ProblemCode, description: &str| {
        let status =
            ProblemCode::ALL.iter().find(|(known, _)| *known == code).map_or(500, |(_, status)| *status);
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        responses[status.to_string()] =
            json!({ "description": description, "content": { JSON: { "schema": schema } } });
    };
    if route.role.is_some() {
        add(ProblemCode::Unauthorized, "No token that is known");
        add(ProblemCode::Forbidden, "The token has not the role");
    }
    if route.method == "POST" {
        add(ProblemCode::BadRequest, "The request cannot be understood");
        add(ProblemCode::TooSlow, "The body came too slowly");
        add(ProblemCode::TooLarge, "The body is too large");
        add(ProblemCode::UnsupportedFormat, "The format is not taken here");
        add(ProblemCode::Busy, "Too much is under way; `Retry-After` says when to ask again");
    }
    match route.path {
        "/v1/assess" | "/v1/explain" => add(ProblemCode::Rejected, "The declaration cannot be assessed"),
        "/v1/rules/{id}" | "/v1/shadow" | "/declarations/{number}" => {
            add(ProblemCode::NotFound, "There is none")
        }
        "/v1/reload" => {
            let schema = json!({ "$ref": "#/components/schemas/Reload" });
            responses["409"] = json!({
                "description": "The pack on the disk was refused; the one that ran runs on",
                "content": { JSON: { "schema": schema } },
            });
        }
        "/readyz" => {
            let schema = json!({ "$ref": "#/components/schemas/Ready" });
            responses["503"] =
                json!({ "description": "The service is ending", "content": { JSON: { "schema": schema } } });
        }
        _ => {}
    }
    responses
}

/// The forms of what is sent and answered, in their main traits: fields may be added.
fn schemas() -> Value {
    let object = |fields: Value| json!({ "type": "object", "properties": fields });
    let (text, integer, number, flag) = (
        json!({ "type": "string" }),
        json!({ "type": "integer" }),
        json!({ "type": "number" }),
        json!({ "type": "boolean" }),
    );
    let list = |of: &Value| json!({ "type": "array", "items": of });
    let or_none = |kind: &str| json!({ "type": [kind, "null"] });
    let any = json!({});
    let codes: Vec<&str> = ProblemCode::ALL.iter().map(|(code, _)| code.name()).collect();
    let item = object(json!({
        "item_no": or_none("integer"), "score": integer, "points": integer, "shadow_points": integer, "channel": text,
        "fired": list(&object(json!({ "rule": text, "points": integer, "shadow": flag, "reason": or_none("string") }))),
        "faults": list(&object(json!({ "rule": text, "fault": text }))),
    }));
    let change = object(json!({
        "compared": integer, "changed": integer, "share": number,
        "channels": list(&object(json!({ "from": text, "to": text, "declarations": integer }))),
    }));
    json!({
        "Declaration": {
            "type": "object",
            "description": "The fields of the declaration by their names in the pack's schema, and its goods lines in `items`; or a flat object of one goods line.",
            "properties": { "declaration_id": { "type": ["string", "integer"] }, "items": list(&json!({ "type": "object" })) },
            "required": ["declaration_id"],
            "additionalProperties": true,
        },
        "Assessment": object(json!({
            "declaration_id": text, "score": integer, "channel": text, "decisive_item": or_none("integer"),
            "decisive_index": or_none("integer"), "items": list(&item), "range": any, "pack": text, "notes": any,
            "withheld": list(&text),
        })),
        "Explanation": object(json!({
            "declaration_id": text, "score": integer, "channel": text, "channel_title": or_none("string"),
            "channel_title_zh": or_none("string"), "decisive_item": or_none("integer"), "pack": text, "range": any,
            "missing": list(&json!({ "type": "object" })), "items": list(&json!({ "type": "object" })),
        })),
        "Check": object(json!({
            "outcome": text, "reasons": list(&text), "tests": any, "change": any, "report": json!({ "type": "object" }), "runs": text,
        })),
        "ReloadWish": object(json!({ "max_change": number, "expected_digest": text })),
        "Reload": object(json!({
            "at": text, "by": text, "outcome": text, "pack": or_none("string"), "runs": text, "reasons": list(&text),
            "tests": any, "change": any, "shadow_problem": or_none("string"), "ms": integer,
        })),
        "Pack": object(json!({
            "pack": text, "digest": text, "snapshot": or_none("string"), "name": text, "version": text, "since": text,
            "started": text, "declarations": integer, "lines": integer, "rejected": integer,
            "channels": list(&json!({ "type": "object" })), "rules": list(&json!({ "type": "object" })),
            "reloads": list(&json!({ "type": "object" })), "shadow": any,
        })),
        "Rules": object(json!({ "pack": text, "digest": text, "rules": list(&json!({ "$ref": "#/components/schemas/Rule" })) })),
        "Rule": object(json!({ "id": text, "title": text, "status": text, "file": text, "line": integer, "fields": list(&text) })),
        "Fields": object(json!({
            "pack": text, "read": list(&text), "filled_and_not_read": list(&text), "read_and_never_filled": list(&text),
            "unknown": { "type": "object", "additionalProperties": integer },
        })),
        "Shadow": object(json!({ "pack": text, "since": text, "change": change, "skipped": integer })),
        "Health": object(json!({ "alive": flag })),
        "Ready": object(json!({
            "ready": flag, "pack": text, "digest": text, "snapshot": or_none("string"), "since": text,
            "on_disk": json!({ "type": "object" }), "is_current": flag, "last_reload": any, "waiting": integer,
        })),
        "Problem": object(json!({ "error": object(json!({
            "code": { "type": "string", "enum": codes }, "message": text, "field": or_none("string"), "remedy": text,
            "rejects": list(&json!({ "type": "object" })),
        })) })),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::description;
    use crate::routes::ROUTES;

    /// All references of a value.
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value {
                        Value::String(text) if key == "$ref" => found.push(text),
                        value => references(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn it_has_each_route_once_and_every_reference_leads_somewhere() {
        let description = description();
        let paths = description["paths"].as_object().expect("paths");
        let count: usize = paths.values().map(|path| path.as_object().map_or(0, serde_json::Map::len)).sum();
        assert_eq!(count, ROUTES.len());
        for route in &ROUTES {
            assert!(paths[route.path][route.method.to_lowercase()].is_object(), "{}", route.path);
        }
        let mut ids: Vec<&str> = paths
            .values()
            .flat_map(|path| path.as_object().into_iter().flat_map(serde_json::Map::values))
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ROUTES.len());
        let mut found = Vec::new();
        references(&description, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("a reference within");
            assert!(description.pointer(pointer).is_some(), "{reference}");
        }
    }
}
