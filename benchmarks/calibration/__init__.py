"""Simulated rollouts and the real judgement: how often a healthy v4 is sent back, and how soon a bad one."""
