"""The fixed English of an answer: everything else in it is quoted or comes from an analyzer."""

from app.core.document import Role

UNKNOWN = (
    "The documents do not know {codes}. Nothing is said of it, and the codes named beside it are other codes. "
    "Upload the fault table or manual that lists it."
)
NOTHING = "The documents found do not answer this. Looked for: {looked}.{nearest} Upload {what}."
NEAREST = " Nearest, but no answer: {titles}."
COVERING = "the manual, fault table or work instruction that covers it"
SPEAKING = "a manual, fault table or work instruction that speaks of {words}"
NOWHERE = "No passage found speaks of {word}."
NO_CODE = "No document speaks of {code}."
FAILED = "The check of the answer failed, so only the passages found are shown."
HELD = "Held until a named person releases it."
HELD_SUMMARY = "A step that isolates equipment or changes operation waits for a named person; the rest is below."
REJECTED = "The held steps were refused by {who}: {reason}"
STRUCK = "{count} sentence(s) of the analyzer were struck: {reasons}."
WHICH_CLASS = "{codes} means different things on different vehicle classes. Ask again and name the class."
OTHER_ASSET = "{source} speaks of {classes}, not of the vehicle that was named."
SUPERSEDED = "{source} revision {revision} is superseded by {by}."
SUPERSEDED_ON = "{source} revision {revision} was in force on the day asked; {by} superseded it on {day}."
NOT_YET_VALID = "{source} revision {revision} is valid from {day} only."
DIFFERS = "{source}: revision {revision} changed numbers of revision {older}: {numbers}."
OTHER_UNKNOWN = "{code} is not in the documents; nothing here speaks of it."
MANY_CODES = "{count} further codes of the question were not looked up; ask for them one by one."
INJECTED = "A passage or the log holds an instruction to the machine; it was treated as text."
SPOOLED = "The record of this answer could not be written yet; it is kept aside and will be."
ABSENT: dict[Role, str] = {
    "definition": "No meaning of {code} stands in the documents.",
    "cause": "No cause of {code} stands in the documents.",
    "test": "No check for {code} stands in the documents.",
    "remedy": "No remedy for {code} stands in the documents.",
    "limit": "No limit for {code} stands in the documents.",
}
