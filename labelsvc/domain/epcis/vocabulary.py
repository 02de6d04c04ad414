"""The words of GS1's Core Business Vocabulary 2.0, bare as JSON writes them, and as URIs.

Three spellings of one word: `shipping`, `https://ref.gs1.org/cbv/BizStep-shipping`,
`urn:epcglobal:cbv:bizstep:shipping`. What a sensor measures has GS1's web vocabulary instead: `Temperature`,
`https://gs1.org/voc/Temperature`.
"""

from __future__ import annotations

from typing import Literal

Family = Literal["bizStep", "disposition", "transaction", "party", "reason", "component", "measurement", "alert"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BIZ_STEPS = _words(
    """accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
    installing killing loading other packing picking receiving removing repackaging repairing replacing reserving
    retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
    unloading unpacking void_shipping"""
)
DISPOSITIONS = _words(
    """active available completeness_inferred completeness_verified conformant container_closed container_open damaged
    destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance
    mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed
    recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown"""
)
TRANSACTION_TYPES = frozenset(
    [
        "bol",
        "cert",
        "desadv",
        "inv",
        "pedigree",
        "po",
        "poc",
        "prodorder",
        "recadv",
        "rma",
        "testprd",
        "testres",
        "upevt",
    ]
)
PARTY_TYPES = frozenset(["owning_party", "possessing_party", "location"])
"""Types of sources and destinations."""
ERROR_REASONS = frozenset(["did_not_occur", "incorrect_data"])
COMPONENTS = _words(
    """altitude axial_distance azimuth easting elevation_angle height latitude longitude northing polar_angle
    spherical_radius x y z"""
)
MEASUREMENTS = _words(
    """AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
    Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
    ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
    Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
    LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
    MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
    RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed
    SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction
    VolumetricFlux Wavenumber"""
)
ALERTS = frozenset(["ALARM_CONDITION", "ERROR_CONDITION"])

WORDS: dict[Family, frozenset[str]] = {
    "bizStep": BIZ_STEPS,
    "disposition": DISPOSITIONS,
    "transaction": TRANSACTION_TYPES,
    "party": PARTY_TYPES,
    "reason": ERROR_REASONS,
    "component": COMPONENTS,
    "measurement": MEASUREMENTS,
    "alert": ALERTS,
}
_URIS: dict[Family, str] = {
    "bizStep": "https://ref.gs1.org/cbv/BizStep-",
    "disposition": "https://ref.gs1.org/cbv/Disp-",
    "transaction": "https://ref.gs1.org/cbv/BTT-",
    "party": "https://ref.gs1.org/cbv/SDT-",
    "reason": "https://ref.gs1.org/cbv/ER-",
    "component": "https://ref.gs1.org/cbv/Comp-",
    "measurement": "https://gs1.org/voc/",
    "alert": "https://gs1.org/voc/",
}
_URNS: dict[Family, str] = {
    "bizStep": "urn:epcglobal:cbv:bizstep:",
    "disposition": "urn:epcglobal:cbv:disp:",
    "transaction": "urn:epcglobal:cbv:btt:",
    "party": "urn:epcglobal:cbv:sdt:",
    "reason": "urn:epcglobal:cbv:er:",
}
_FROM_ANY: dict[Family, dict[str, str]] = {
    family: {
        spelling: word
        for word in words
        for spelling in (word, _URIS[family] + word, _URNS.get(family, _URIS[family]) + word)
    }
    for family, words in WORDS.items()
}


def bare(family: Family, text: str) -> str:
    """Return a word of a family in its bare form, whatever its spelling; anything else as it is."""
    return _FROM_ANY[family].get(text, text)


def web_uri(family: Family, text: str) -> str:
    """Return the URI of a word of a family, whatever its spelling; anything else as it is."""
    word = _FROM_ANY[family].get(text)
    return text if word is None else _URIS[family] + word


def urn(family: Family, text: str) -> str:
    """Return the URN of a word of a family, or its URI where it has none, whatever its spelling; else the text."""
    word = _FROM_ANY[family].get(text)
    return text if word is None else _URNS.get(family, _URIS[family]) + word


def web_uri_of_urn(text: str) -> str:
    """Return the URI that a URN of the CBV stands for, whichever family it is of; anything else as it is."""
    for family, prefix in _URNS.items():
        if text.startswith(prefix):
            return _URIS[family] + text[len(prefix) :]
    return text
