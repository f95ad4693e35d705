"""Tests of the independent client; they need no platform."""
