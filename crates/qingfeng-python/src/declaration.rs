//! A declaration as Python has it: a dictionary, or a JSON message.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDate, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use qingfeng::{AssessError, Assessment, Declaration, Engine, Explanation, FieldValue, Item};

/// The key of the goods lines.
const ITEMS: &str = "items";

/// One declaration, to be read by an engine.
pub enum Given {
    Declaration(Declaration),
    Json(Vec<u8>),
}

impl Given {
    pub fn new(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(fields) = value.cast::<PyDict>() {
            return match declaration(fields)? {
                Some(declaration) => Ok(Self::Declaration(declaration)),
                None => json(value).map(Self::Json),
            };
        }
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(Self::Json(text.to_cow()?.into_owned().into_bytes()));
        }
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Self::Json(bytes.as_bytes().to_owned()));
        }
        if let Ok(bytes) = value.cast::<PyByteArray>() {
            return Ok(Self::Json(bytes.to_vec()));
        }
        let kind = value.get_type().fully_qualified_name()?.to_string();
        Err(PyTypeError::new_err(format!(
            "a value of type {kind} is no declaration; give a dict of its fields, or a JSON message as str or bytes; tables \
             are scored by score()"
        )))
    }

    pub fn assess(&self, engine: &Engine) -> Result<Assessment, AssessError> {
        match self {
            Self::Declaration(declaration) => engine.assess(declaration),
            Self::Json(json) => engine.assess_json(json),
        }
    }

    pub fn explain(&self, engine: &Engine) -> Result<Explanation, AssessError> {
        match self {
            Self::Declaration(declaration) => engine.explain(declaration),
            Self::Json(json) => engine.explain_json(json),
        }
    }
}

/// A declaration field by field, without JSON between. `None` where a value is no single one: what JSON says of such a
/// declaration is said by its reader.
fn declaration(fields: &Bound<'_, PyDict>) -> PyResult<Option<Declaration>> {
    let mut made = Declaration::new();
    for (key, value) in fields.iter() {
        let key = text_of(&key)?;
        let lines = match value.cast::<PyList>() {
            Ok(list) if key == ITEMS => Some(list.clone()),
            _ => None,
        };
        if let Some(lines) = lines {
            // A list without lines is a mistake, and not a declaration of one line.
            if lines.is_empty() {
                return Ok(None);
            }
            for line in lines.iter() {
                let Ok(line) = line.cast_into::<PyDict>() else { return Ok(None) };
                let mut item = Item::new();
                for (key, value) in line.iter() {
                    let Some(value) = field_value(&value)? else { return Ok(None) };
                    item.fields.insert(text_of(&key)?, value);
                }
                made.items.push(item);
            }
            continue;
        }
        let Some(value) = field_value(&value)? else { return Ok(None) };
        made.header.insert(key, value);
    }
    Ok(Some(made))
}

fn text_of(key: &Bound<'_, PyAny>) -> PyResult<String> {
    match key.cast::<PyString>() {
        Ok(text) => Ok(text.to_cow()?.into_owned()),
        Err(_) => Err(PyTypeError::new_err(format!("the key {} of a declaration is no text", key.repr()?))),
    }
}

/// A single value; `None` for what holds others.
fn field_value(value: &Bound<'_, PyAny>) -> PyResult<Option<FieldValue>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(FieldValue::Text(text.to_cow()?.into_owned())));
    }
    if value.is_none() {
        return Ok(Some(FieldValue::Missing));
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Some(FieldValue::Flag(flag.is_true())));
    }
    if let Ok(integer) = value.cast::<PyInt>() {
        // As digits where it has more than 63 bits, so that an identifier loses none.
        return Ok(Some(match integer.extract::<i64>() {
            Ok(integer) => FieldValue::Integer(integer),
            Err(_) => FieldValue::Text(integer.str()?.to_cow()?.into_owned()),
        }));
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(Some(FieldValue::Number(number.value())));
    }
    if value.is_instance_of::<PyDict>()
        || value.is_instance_of::<PyList>()
        || value.is_instance_of::<PyTuple>()
    {
        return Ok(None);
    }
    rare_value(value)
}

/// Days, moments, decimals, and the values of other libraries.
fn rare_value(value: &Bound<'_, PyAny>) -> PyResult<Option<FieldValue>> {
    static DECIMAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    // NaT is a moment for Python, and stands for none.
    let module = value.get_type().module()?;
    let name = value.get_type().name()?;
    let is_pandas = module.to_cow()?.starts_with("pandas");
    if is_pandas && (name == "NAType" || name == "NaTType") {
        return Ok(Some(FieldValue::Missing));
    }
    // Moments are days too.
    if value.is_instance_of::<PyDate>() {
        return Ok(Some(FieldValue::Text(value.call_method0("isoformat")?.extract()?)));
    }
    let decimal = DECIMAL.import(py, "decimal", "Decimal")?;
    if value.is_instance(decimal)? {
        return Ok(Some(FieldValue::Text(value.str()?.to_cow()?.into_owned())));
    }
    // Single values of NumPy.
    if module == "numpy" && value.hasattr("item")? {
        let item = value.call_method0("item")?;
        if !item.get_type().is(value.get_type()) {
            return field_value(&item);
        }
    }
    let kind = value.get_type().fully_qualified_name()?.to_string();
    Err(PyTypeError::new_err(format!(
        "{} is of type {kind}, which no field holds; give text, a number, a date, True, False or None",
        value.repr()?
    )))
}

/// A dictionary that holds lists or dictionaries in odd places, as the JSON message that it is.
fn json(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let py = value.py();
    let keywords = PyDict::new(py);
    keywords.set_item("ensure_ascii", false)?;
    keywords.set_item("default", py.import("qingfeng._json")?.getattr("of_value")?)?;
    let text = py.import("json")?.call_method("dumps", (value,), Some(&keywords))?;
    Ok(text.cast::<PyString>()?.to_cow()?.into_owned().into_bytes())
}
