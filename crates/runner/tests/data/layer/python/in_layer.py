# A module that a layer brings.
NAME = "in the layer"
