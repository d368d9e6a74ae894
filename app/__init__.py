"""Glassformer's app: Streamlit pages that show what model/ computed.

Flow, one way: prompt -> token ids -> `Trace` (runtime) -> analysis -> figure -> page.
"""
