"""Looks at a search before it runs, and says what will go wrong."""

from helpers.preflight.checklist import check
from helpers.preflight.report import ERROR, WARNING, Estimate, Finding, Report

__all__ = ["ERROR", "WARNING", "Estimate", "Finding", "Report", "check"]
