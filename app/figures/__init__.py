"""Pictures: numpy arrays in, `plotly.graph_objects.Figure` out, one function a picture.

Nothing here knows Streamlit or a model; every function checks the shapes it is given.
"""
