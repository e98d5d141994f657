"""QTI 2.1 as its information model describes it: what may stand in what, and how responses are scored.

Only what a package of tracer's may have is known in here: everything else is an error. The official schemas may be
passed on by nobody who has not registered with 1EdTech, so they are not here; with TRACER_QTI_SCHEMAS, a folder that
holds imsqti_v2p1.xsd and imscp_v1p1.xsd, test_quiz.py validates against these too.

Source: IMS QTI 2.1 Final, Assessment Test, Section and Item Information Model; Content Packaging profile, section 2.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from lxml import etree

QTI, CP = "http://www.imsglobal.org/xsd/imsqti_v2p1", "http://www.imsglobal.org/xsd/imscp_v1p1"
MATHML = "http://www.w3.org/1998/Math/MathML"
FLOW, INLINE = "(p |div |table |h3 |math |em |textEntryInteraction )*", "(math |em |textEntryInteraction )*"
EXPRESSION = "(variable |baseValue |sum |multiple |and |gte |lte |testVariables )"
RULES = "(setOutcomeValue |responseCondition )*"
MODEL = {  # element: what must be told, what may be, and its content; a final # where text may stand too
    "assessmentItem": ("identifier title adaptive timeDependent", "label xml:lang toolName toolVersion schemaLocation",
                       "(responseDeclaration )*(outcomeDeclaration )*(itemBody )?(responseProcessing )?(modalFeedback )*"),
    "responseDeclaration": ("identifier cardinality baseType", "", "(correctResponse )?"),
    "outcomeDeclaration": ("identifier cardinality", "baseType normalMaximum", "(defaultValue )?"),
    "correctResponse": ("", "", "(value )+"),
    "defaultValue": ("", "", "(value )+"),
    "value": ("", "", "#"),
    "itemBody": ("", "", "(p |div |table |h3 )*"),
    "p": ("", "", INLINE + "#"),
    "h3": ("", "", INLINE + "#"),
    "em": ("", "", INLINE + "#"),
    "table": ("", "class", "(caption )?(thead )?(tbody )+"),
    "caption": ("", "", INLINE + "#"),
    "thead": ("", "", "(tr )+"),
    "tbody": ("", "", "(tr )+"),
    "tr": ("", "", "(th |td )*"),
    "th": ("", "scope", FLOW + "#"),
    "td": ("", "", FLOW + "#"),
    "textEntryInteraction": ("responseIdentifier", "expectedLength label", ""),
    "responseProcessing": ("", "", RULES),
    "responseCondition": ("", "", "responseIf (responseElseIf )*"),
    "responseIf": ("", "", EXPRESSION + RULES),
    "responseElseIf": ("", "", EXPRESSION + RULES),
    "setOutcomeValue": ("identifier", "", EXPRESSION),
    "variable": ("identifier", "", ""),
    "baseValue": ("baseType", "", "#"),
    "sum": ("", "", EXPRESSION + "+"),
    "multiple": ("", "", EXPRESSION + "*"),
    "and": ("", "", EXPRESSION + "+"),
    "gte": ("", "", EXPRESSION + "{2}"),
    "lte": ("", "", EXPRESSION + "{2}"),
    "modalFeedback": ("outcomeIdentifier identifier showHide", "", "(p |div |table |h3 )*#"),
    "assessmentTest": ("identifier title", "toolName toolVersion schemaLocation",
                       "(outcomeDeclaration )*(testPart )+(outcomeProcessing )?"),
    "testPart": ("identifier navigationMode submissionMode", "", "(itemSessionControl )?(assessmentSection )+"),
    "itemSessionControl": ("", "showFeedback", ""),
    "assessmentSection": ("identifier title visible", "", "(selection )?(ordering )?(assessmentItemRef )*"),
    "selection": ("select", "", ""),
    "assessmentItemRef": ("identifier href", "", ""),
    "outcomeProcessing": ("", "", "(setOutcomeValue )*"),
    "testVariables": ("variableIdentifier", "", ""),
    "manifest": ("identifier", "schemaLocation", "metadata organizations resources "),
    "metadata": ("", "", "schema schemaversion "),
    "schema": ("", "", "#"),
    "schemaversion": ("", "", "#"),
    "organizations": ("", "", ""),
    "resources": ("", "", "(resource )*"),
    "resource": ("identifier type", "href", "(file )*(dependency )*"),
    "file": ("href", "", ""),
    "dependency": ("identifierref", "", ""),
}  # fmt: skip
VALUES = {
    "identifier": r"[A-Za-z_][\w.-]*", "responseIdentifier": r"[A-Za-z_][\w.-]*", "adaptive": "true|false",
    "timeDependent": "true|false", "cardinality": "single|multiple", "baseType": "float|string|identifier",
    "scope": "row|col", "expectedLength": r"\d+", "showHide": "show|hide",
    "navigationMode": "linear|nonlinear", "submissionMode": "individual|simultaneous", "visible": "true|false",
    "select": r"\d+", "type": "imsqti_test_xmlv2p1|imsqti_item_xmlv2p1", "normalMaximum": r"\d+(\.\d+)?",
    "label": r"[^\n]{1,256}",
}  # fmt: skip


def files(package: bytes) -> dict[str, etree._Element]:
    """Every file of a package, by its name."""
    with ZipFile(BytesIO(package)) as zip_:
        assert zip_.testzip() is None
        return {name: etree.fromstring(zip_.read(name)) for name in zip_.namelist()}


def check(root: etree._Element) -> None:
    """Whether everything in a file stands where it may, with what it needs."""
    space = CP if etree.QName(root).localname == "manifest" else QTI
    for element in root.iter(etree.Element):
        name = etree.QName(element)
        if name.namespace == MATHML:
            continue
        assert name.namespace == space, element.tag
        needed, may, content = MODEL[name.localname]
        told = {_attribute(key): value for key, value in element.attrib.items()}
        assert set(needed.split()) <= told.keys() <= {*needed.split(), *may.split()}, (name.localname, told)
        for key, value in told.items():
            assert re.fullmatch(VALUES.get(key, ".+"), value), (name.localname, key, value)
        children = "".join(f"{etree.QName(child).localname} " for child in element)
        assert re.fullmatch(content.removesuffix("#"), children), (name.localname, children)
        text = "".join([element.text or "", *(child.tail or "" for child in element)])
        assert content.endswith("#") or not text.strip(), (name.localname, text)


def _attribute(key: str) -> str:
    name = etree.QName(key)
    return f"xml:{name.localname}" if name.namespace and name.namespace.endswith("namespace") else name.localname


def score(item: etree._Element, typed: dict[str, str]) -> tuple[float, set[str]]:
    """What an item says of responses: SCORE, and the feedback that is shown. What is not typed is NULL."""
    variables: dict[str, Any] = {}
    for one in item.findall(f"{{{QTI}}}responseDeclaration"):
        raw = typed.get(one.get("identifier"))
        variables[one.get("identifier")] = raw if raw is None or one.get("baseType") == "string" else float(raw)
    for one in item.findall(f"{{{QTI}}}outcomeDeclaration"):
        default = one.findtext(f"{{{QTI}}}defaultValue/{{{QTI}}}value")
        variables[one.get("identifier")] = [] if one.get("cardinality") == "multiple" else float(default)
    for rule in item.find(f"{{{QTI}}}responseProcessing"):
        _condition(rule, variables)
    return variables["SCORE"], set(variables["FEEDBACK"])


def _condition(rule: etree._Element, variables: dict[str, Any]) -> None:
    for branch in rule:
        test, *then = branch
        if _value(test, variables):
            for one in then:
                variables[one.get("identifier")] = _value(one[0], variables)
            return


def _value(one: etree._Element, variables: dict[str, Any]) -> Any:
    parts = [_value(part, variables) for part in one]
    match etree.QName(one).localname:
        case "variable":
            return variables[one.get("identifier")]
        case "baseValue":
            return float(one.text) if one.get("baseType") == "float" else one.text
        case "sum":
            return sum(parts)
        case "multiple":
            return [value for part in parts for value in (part if isinstance(part, list) else [part])]
        case "and":
            return all(parts)
        case "gte":
            return None if None in parts else parts[0] >= parts[1]
        case "lte":
            return None if None in parts else parts[0] <= parts[1]
    raise AssertionError(one.tag)


def feedback(item: etree._Element) -> dict[str, str]:
    """The text of each feedback."""
    found = item.findall(f"{{{QTI}}}modalFeedback")
    return {one.get("identifier"): "".join(one.itertext()).strip() for one in found}
