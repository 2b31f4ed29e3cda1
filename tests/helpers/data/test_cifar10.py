from helpers.data import CLASS_NAMES


def test_the_class_names_are_in_the_order_of_the_labels():
    assert len(CLASS_NAMES) == 10
    assert CLASS_NAMES[0] == "airplane" and CLASS_NAMES[9] == "truck"
